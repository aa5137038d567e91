/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "cli/check-segment.h"
#include "cli/check-way.h"
#include "tests/unit/assert.h"

/* @payload behind an IPv4 header of @protocol, with @words words of IP options. */
static gsize packet(guint8 *to, guint8 protocol, guint words, const guint8 *payload, gsize size)
{
  guint header = 20 + 4 * words;

  memset(to, 1, header);
  to[0] = 0x40 | header / 4;
  to[9] = protocol;
  memcpy(to + header, payload, size);
  return header + size;
}

static NeoCheckSyn sample(gboolean join)
{
  return (NeoCheckSyn){ address("198.51.100.11"), address("192.0.2.10"), 40000, 443, 0x01020304, join, 0xaabbccdd };
}

static void test_syn(void)
{
  static const guint8 options[] = { 2, 4, 5, 0xb4, 30, 12, 0x10, 254, 0xaa, 0xbb, 0xcc, 0xdd, 1, 2, 3, 4 };
  NeoCheckSyn join = sample(TRUE), capable = sample(FALSE);
  guint8 segment[NEO_CHECK_SYN_MAX], bytes[100];
  NeoCheckSegment read;

  g_assert_cmpuint(neo_check_syn_build(&join, segment), ==, 36);
  g_assert_cmpmem(segment + 20, 16, options, sizeof options);
  g_assert_cmpuint(segment[12] >> 4, ==, 9);
  /* With the pseudo header all words sum up to nothing. */
  g_assert_cmpuint(neo_check_sum(segment, 36, 0xc633 + 0x640b + 0xc000 + 0x020a + IPPROTO_TCP + 36), ==, 0);
  g_assert_true(neo_check_segment_parse(AF_INET, bytes, packet(bytes, IPPROTO_TCP, 2, segment, 36), &read));
  g_assert_true(read.syn && !read.ack && !read.rst && read.whole && read.mptcp);
  g_assert_cmpuint(read.subtype, ==, 1);
  g_assert_cmpuint(read.from_port, ==, 40000);
  g_assert_cmpuint(read.to_port, ==, 443);
  g_assert_cmpuint(neo_check_syn_build(&capable, segment), ==, 28);
  g_assert_true(neo_check_segment_parse(AF_INET, bytes, packet(bytes, IPPROTO_TCP, 0, segment, 28), &read));
  g_assert_true(read.mptcp && read.subtype == 0);
}

/* Flags, then options. */
static void test_options(void)
{
  static const struct {
    guint8 flags, options[12];
    gsize size;
    gboolean mptcp;
    guint8 subtype, reason;
  } rows[] = {
    { 0x12, { 0 }, 0, FALSE, 0, 0 },
    { 0x12, { 2, 4, 5, 0xb4, 1, 1, 1, 1, 1, 1, 1, 1 }, 12, FALSE, 0, 0 },   /* taken out with blanks in its place */
    { 0x12, { 1, 30, 4, 0x01, 1, 30, 4, 0x10, 0, 0, 0, 0 }, 12, TRUE, 0, 0 }, /* the first counts */
    { 0x14, { 30, 4, 0x80, 3 }, 4, TRUE, 8, 3 },
    { 0x12, { 0, 30, 4, 0x01 }, 4, FALSE, 0, 0 },                           /* behind the end */
    { 0x12, { 30, 1, 0, 0 }, 4, FALSE, 0, 0 },                              /* too short to be one */
    { 0x12, { 30, 9, 0x10, 0 }, 4, FALSE, 0, 0 },                           /* longer than the header */
    { 0x12, { 1, 1, 1, 30 }, 4, FALSE, 0, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    guint8 tcp[32] = { [12] = (20 + rows[i].size) / 4 << 4, [13] = rows[i].flags }, bytes[100];
    NeoCheckSegment read;
    memcpy(tcp + 20, rows[i].options, rows[i].size);
    g_assert_true(neo_check_segment_parse(AF_INET, bytes, packet(bytes, IPPROTO_TCP, 0, tcp, 20 + rows[i].size), &read));
    g_assert_true(read.whole && read.ack && read.rst == ((rows[i].flags & 4) != 0));
    g_assert_cmpint(read.mptcp, ==, rows[i].mptcp);
    g_assert_cmpuint(read.subtype, ==, rows[i].subtype);
    g_assert_cmpuint(read.reason, ==, rows[i].reason);
  }
}

/* What a router quotes: all, the ports only, or less. */
static void test_quote(void)
{
  NeoCheckSyn syn = sample(FALSE);
  guint8 segment[NEO_CHECK_SYN_MAX], quoted[100] = { 11, 0 }, bytes[200];
  gsize size = neo_check_syn_build(&syn, segment), all = 8 + packet(quoted + 8, IPPROTO_TCP, 0, segment, size);
  NeoCheckSegment read;

  g_assert_true(neo_check_quote_parse(AF_INET, bytes, packet(bytes, IPPROTO_ICMP, 0, quoted, all), &read));
  g_assert_true(read.whole && read.mptcp && read.from_port == 40000);
  g_assert_true(neo_check_quote_parse(AF_INET, bytes, packet(bytes, IPPROTO_ICMP, 0, quoted, 8 + 20 + 8), &read));
  g_assert_true(!read.whole && !read.mptcp && read.to_port == 443);
  g_assert_false(neo_check_quote_parse(AF_INET, bytes, packet(bytes, IPPROTO_ICMP, 0, quoted, 8 + 20 + 3), &read));
  g_assert_false(neo_check_quote_parse(AF_INET, bytes, packet(bytes, IPPROTO_TCP, 0, quoted, all), &read));
  quoted[0] = 3;
  g_assert_false(neo_check_quote_parse(AF_INET, bytes, packet(bytes, IPPROTO_ICMP, 0, quoted, all), &read));
  g_assert_false(neo_check_segment_parse(AF_INET, bytes, 0, &read));
  g_assert_false(neo_check_segment_parse(AF_INET, (const guint8 *)"\x60", 1, &read));
}

/* Over IPv6 a raw socket gives no header, and a router's quotation has one of 40 bytes. */
static void test_ip6(void)
{
  NeoCheckSyn syn = { address("2001:db8::b"), address("2001:db8::a"), 40000, 443, 0x01020304, TRUE, 0xaabbccdd };
  guint8 segment[NEO_CHECK_SYN_MAX], quoted[100] = { 3, 0, [8] = 0x60, [14] = IPPROTO_TCP };
  gsize size = neo_check_syn_build(&syn, segment);
  NeoCheckSegment read;

  g_assert_cmpuint(neo_check_sum(segment, size, 2 * (0x2001 + 0x0db8) + 0xb + 0xa + IPPROTO_TCP + size), ==, 0);
  g_assert_true(neo_check_segment_parse(AF_INET6, segment, size, &read));
  g_assert_true(read.whole && read.mptcp && read.subtype == 1 && read.to_port == 443);
  memcpy(quoted + 48, segment, size);
  g_assert_true(neo_check_quote_parse(AF_INET6, quoted, 48 + size, &read));
  g_assert_true(read.whole && read.mptcp && read.from_port == 40000);
  g_assert_false(neo_check_quote_parse(AF_INET6, quoted, 48 + 3, &read));
  g_assert_false(neo_check_quote_parse(AF_INET6, quoted, 48, &read));
  quoted[1] = 1; /* not all fragments came */
  g_assert_false(neo_check_quote_parse(AF_INET6, quoted, 48 + size, &read));
  quoted[1] = 0, quoted[14] = IPPROTO_UDP;
  g_assert_false(neo_check_quote_parse(AF_INET6, quoted, 48 + size, &read));
}

static void test_where(void)
{
  NeoAddress one = address("10.0.0.1"), two = address("10.0.0.2");
  const struct {
    NeoCheckWhere where;
    const char *text;
  } rows[] = {
    { { 0 }, NULL },
    { { .sent = TRUE, .mute = 4 }, "no hop says where" },
    { { .sent = TRUE, .mute = 1, .reached = TRUE }, "no hop says where" },
    { { .sent = TRUE, .with = 1, .with_hop = one, .without = 2, .without_hop = two }, "hop 1 (10.0.0.1) still gets option 30, hop 2 (10.0.0.2) does not" },
    { { .sent = TRUE, .without = 2, .without_hop = two, .mute = 1 }, "hop 2 (10.0.0.2) gets no option 30 any more, and of those before none says" },
    { { .sent = TRUE, .reached = TRUE, .answered = TRUE, .with = 1, .with_hop = one }, "a SYN alone is answered with option 30: what follows loses it" },
    { { .sent = TRUE, .reached = TRUE, .with = 1, .with_hop = one },
      "all hops up to the last, 1 (10.0.0.1), get option 30: the other end has no Multipath TCP, or its answer loses it" },
    { { .sent = TRUE, .reached = TRUE, .with = 1, .with_hop = one, .mute = 1 }, "hop 1 (10.0.0.1) still gets option 30; those that follow do not say" },
    { { .sent = TRUE, .reached = TRUE }, "there is no hop between: the other end has no Multipath TCP" },
    { { .sent = TRUE, .with = 1, .with_hop = one, .mute = 4 }, "hop 1 (10.0.0.1) still gets option 30, and nothing behind it answers" },
  };

  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autofree char *text = neo_check_where_text(&rows[i].where);
    g_assert_cmpstr(text, ==, rows[i].text);
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/cli-way/syn", test_syn);
  g_test_add_func("/cli-way/options", test_options);
  g_test_add_func("/cli-way/quote", test_quote);
  g_test_add_func("/cli-way/ip6", test_ip6);
  g_test_add_func("/cli-way/where", test_where);
  return g_test_run();
}
