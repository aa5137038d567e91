/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "xtables-ext/mptcp-bytecode.h"

/* A packet as xt_bpf(8) sees it: from the network header on. */
typedef struct {
  guint8 data[512];
  guint length, tcp; /* where the TCP header begins */
  gboolean ipv6;
} Packet;

enum { KIND_END = 0, KIND_NOP = 1, KIND_MPTCP = 30 };

static guint header_end(const Packet *packet)
{
  return packet->tcp + MAX(20, (packet->data[packet->tcp + 12] >> 4) * 4u);
}

/* What skb_get_poff() of the kernel (net/core/flow_dissector.c) says of a packet with a whole fixed TCP header. */
static guint payload_offset(const Packet *packet)
{
  gboolean fragment = !packet->ipv6 && (packet->data[6] & 0x3f || packet->data[7]);
  return fragment ? packet->tcp : header_end(packet);
}

/* The parts of classic BPF (linux/filter.h) that the generator uses; anything else is an error of the test. */
typedef struct {
  const Packet *packet;
  guint32 a, x;
  gboolean outside;
} Machine;

static void load(Machine *machine, const struct sock_filter *one)
{
  guint64 offset = one->k;

  if (one->code == (BPF_LD | BPF_W | BPF_ABS)) {
    g_assert_cmphex(one->k, ==, (guint32)(SKF_AD_OFF + SKF_AD_PAY_OFFSET));
    machine->a = payload_offset(machine->packet);
    return;
  }
  if (BPF_MODE(one->code) == BPF_IND)
    offset += machine->x;
  if (offset >= machine->packet->length)
    machine->outside = TRUE;
  else if (BPF_MODE(one->code) == BPF_MSH)
    machine->x = (machine->packet->data[offset] & 0xf) * 4;
  else
    machine->a = machine->packet->data[offset];
}

static gboolean jump_taken(const Machine *machine, const struct sock_filter *one)
{
  guint32 operand = BPF_SRC(one->code) == BPF_X ? machine->x : one->k;

  switch (BPF_OP(one->code)) {
  case BPF_JEQ:
    return machine->a == operand;
  case BPF_JGT:
    return machine->a > operand;
  case BPF_JGE:
    return machine->a >= operand;
  default:
    g_assert_not_reached();
  }
}

static gboolean run(const struct sock_filter *code, guint n, const Packet *packet)
{
  Machine machine = { .packet = packet };

  for (guint pc = 0; pc < n; pc++) {
    const struct sock_filter *one = &code[pc];
    switch (one->code) {
    case BPF_RET | BPF_K:
      return one->k != 0;
    case BPF_MISC | BPF_TAX:
      machine.x = machine.a;
      break;
    case BPF_LDX | BPF_W | BPF_IMM:
      machine.x = one->k;
      break;
    case BPF_ALU | BPF_ADD | BPF_X:
      machine.a += machine.x;
      break;
    case BPF_ALU | BPF_SUB | BPF_K:
      machine.a -= one->k;
      break;
    default:
      if (BPF_CLASS(one->code) == BPF_JMP)
        pc += jump_taken(&machine, one) ? one->jt : one->jf;
      else
        load(&machine, one);
    }
    if (machine.outside)
      return FALSE;
  }
  g_assert_not_reached();
}

/* How the kernel's own parser (mptcp_get_options(), net/mptcp/options.c) walks; sets *@ret_limit where the bytecode may differ. */
static int first_subtype(const Packet *packet, guint max_options, gboolean *ret_limit)
{
  guint at = packet->tcp + 20, end = MIN(header_end(packet), packet->length);

  *ret_limit = FALSE;
  for (guint n = 0; at < end && packet->data[at] != KIND_END; n++) {
    if (n == max_options) {
      *ret_limit = TRUE;
      return -1;
    }
    if (packet->data[at] == KIND_NOP) {
      at++;
      continue;
    }
    if (at + 1 >= end)
      return -1;
    guint length = packet->data[at + 1];
    if (length == 1 && packet->data[at] != KIND_MPTCP) {
      *ret_limit = TRUE;
      return -1;
    }
    if (length < 2 || at + length > header_end(packet))
      return -1;
    if (packet->data[at] == KIND_MPTCP) {
      /* The packet ends within its TCP header; the kernel drops it, and the bytecode for any subtype does not look so far. */
      *ret_limit = at + 2 >= packet->length;
      return length < 3 || *ret_limit ? -1 : packet->data[at + 2] >> 4;
    }
    at += length;
  }
  return -1;
}

static gboolean expected(const Packet *packet, guint16 set, guint max_options, gboolean *ret_limit)
{
  if (packet->ipv6 ? packet->data[6] != IPPROTO_TCP : packet->data[6] & 0x3f || packet->data[7]) {
    *ret_limit = FALSE;
    return FALSE;
  }
  int subtype = first_subtype(packet, max_options, ret_limit);
  return subtype >= 0 && set & (1u << subtype);
}

static Packet make_packet(gboolean ipv6, guint ip_words, const guint8 *options, guint n_options, const guint8 *payload, guint n_payload)
{
  Packet packet = { .ipv6 = ipv6, .tcp = ipv6 ? 40 : ip_words * 4 };
  guint padded = (n_options + 3) / 4 * 4;

  if (ipv6)
    packet.data[6] = IPPROTO_TCP;
  else
    packet.data[0] = 0x40 | ip_words;
  g_assert_cmpuint(padded, <=, 40);
  packet.data[packet.tcp + 12] = (5 + padded / 4) << 4;
  if (n_options)
    memcpy(packet.data + packet.tcp + 20, options, n_options);
  if (n_payload)
    memcpy(packet.data + packet.tcp + 20 + padded, payload, n_payload);
  packet.length = packet.tcp + 20 + padded + n_payload;
  return packet;
}

static gboolean matches(const Packet *packet, guint16 set)
{
  struct sock_filter code[MPTCP_BYTECODE_MAX];
  guint n = mptcp_bytecode(packet->ipv6, set, code, NULL);

  return run(code, n, packet);
}

#define SYN_CAPABLE 30, 4, 0x01, 0x00
#define SYN_JOIN 30, 12, 0x10, 1, 2, 3, 4, 5, 6, 7, 8, 9

static const guint8 payload_with_kinds[] = { 30, 12, 0x10, 30, 30, 4, 0, 0, 0, 0, 0, 0, 30, 12, 0x10, 1, 2, 3, 4, 5, 6, 7, 8, 9 };

static gboolean matches_options(gboolean ipv6, guint ip_words, guint16 set, const guint8 *options, guint n)
{
  Packet packet = make_packet(ipv6, ip_words, options, n, payload_with_kinds, sizeof payload_with_kinds);
  return matches(&packet, set);
}

/* Each order of the options that a SYN carries, with any length of IP header. */
static const struct { guint8 data[12]; guint n; } usual[] = {
  { { 2, 4, 5, 0xb4 }, 4 }, { { 4, 2 }, 2 }, { { 8, 10, 1, 30, 12, 16, 0, 0, 0, 0 }, 10 }, { { 1 }, 1 }, { { 3, 3, 7 }, 3 }, { { SYN_JOIN }, 12 },
};

static void check_order(const guint *order)
{
  guint8 options[40];
  guint n = 0;

  for (guint i = 0; i < G_N_ELEMENTS(usual); i++) {
    memcpy(options + n, usual[order[i]].data, usual[order[i]].n);
    n += usual[order[i]].n;
  }
  for (guint words = 5; words <= 15; words++) {
    g_assert_true(matches_options(FALSE, words, 1 << 1, options, n));
    g_assert_false(matches_options(FALSE, words, 1 << 0, options, n));
  }
  g_assert_true(matches_options(TRUE, 0, 1 << 1, options, n));
  g_assert_false(matches_options(TRUE, 0, 1 << 0, options, n));
}

static guint permute(guint *order, guint from)
{
  guint n = 0;

  if (from == G_N_ELEMENTS(usual)) {
    check_order(order);
    return 1;
  }
  for (guint i = from; i < G_N_ELEMENTS(usual); i++) {
    guint kept = order[from];
    order[from] = order[i];
    order[i] = kept;
    n += permute(order, from + 1);
    order[i] = order[from];
    order[from] = kept;
  }
  return n;
}

static void test_orders(void)
{
  guint order[] = { 0, 1, 2, 3, 4, 5 };

  g_assert_cmpuint(permute(order, 0), ==, 720);
}

static void test_cases(void)
{
  static const struct { const char *what; guint8 options[40]; guint n; guint16 set; gboolean match; } cases[] = {
    { "no option, kinds in the payload", { 0 }, 0, MPTCP_SUBTYPES_ANY, FALSE },
    { "capable", { SYN_CAPABLE }, 4, 1 << 0, TRUE },
    { "capable is no join", { SYN_CAPABLE }, 4, 1 << 1, FALSE },
    { "join", { SYN_JOIN }, 12, 1 << 1, TRUE },
    { "join of two", { SYN_JOIN }, 12, 3, TRUE },
    { "capable of two", { SYN_CAPABLE }, 4, 3, TRUE },
    { "dss is none of two", { 30, 8, 0x20, 1 }, 8, 3, FALSE },
    { "any", { 30, 4, 0xf0, 0 }, 4, MPTCP_SUBTYPES_ANY, TRUE },
    { "a set with a gap", { 30, 4, 0x20, 0 }, 4, 5, TRUE },
    { "in the gap", { SYN_JOIN }, 12, 5, FALSE },
    { "three bytes at the end", { 1, 30, 3, 0x50 }, 4, 1 << 5, TRUE },
    { "kind at the end, the rest in the payload", { 1, 1, 1, 30 }, 4, MPTCP_SUBTYPES_ANY, FALSE },
    { "kind and length at the end, the subtype in the payload", { 1, 1, 30, 12 }, 4, MPTCP_SUBTYPES_ANY, FALSE },
    { "an option that leaves the header", { 30, 12, 0x10, 0 }, 4, MPTCP_SUBTYPES_ANY, FALSE },
    { "another option that leads to one in the payload", { 8, 4 + 12, 0, 0 }, 4, MPTCP_SUBTYPES_ANY, FALSE },
    { "behind the end of options", { 0, 30, 4, 0 }, 4, MPTCP_SUBTYPES_ANY, FALSE },
    { "length 0 before it", { 8, 0, SYN_CAPABLE }, 8, MPTCP_SUBTYPES_ANY, FALSE },
    { "its own length 0", { 30, 0, 0x10, 0 }, 4, MPTCP_SUBTYPES_ANY, FALSE },
    { "its own length 2", { 30, 2, 0x10, 0 }, 4, MPTCP_SUBTYPES_ANY, FALSE },
    { "kind as the data of another", { 8, 10, 30, 12, 0x10, 0, 0, 0, 0, 0 }, 12, MPTCP_SUBTYPES_ANY, FALSE },
    { "the ninth option", { 1, 1, 1, 1, 1, 1, 1, 1, SYN_JOIN }, 20, 1 << 1, TRUE },
    { "the tenth is not seen", { 1, 1, 1, 1, 1, 1, 1, 1, 1, SYN_JOIN }, 21, 1 << 1, FALSE },
    { "the first decides", { 30, 4, 0x20, 0, SYN_JOIN }, 16, 1 << 1, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
    for (int ipv6 = 0; ipv6 <= 1; ipv6++)
      if (matches_options(ipv6, 5, cases[i].set, cases[i].options, cases[i].n) != cases[i].match) {
        g_test_message("%s, IPv%d", cases[i].what, ipv6 ? 6 : 4);
        g_test_fail();
      }
}

static void test_not_tcp(void)
{
  static const guint8 options[] = { SYN_JOIN };
  Packet fragment = make_packet(FALSE, 5, options, sizeof options, NULL, 0);
  Packet extended = make_packet(TRUE, 0, options, sizeof options, NULL, 0);

  g_assert_true(matches(&fragment, MPTCP_SUBTYPES_ANY));
  fragment.data[6] = 0x20;
  g_assert_false(matches(&fragment, MPTCP_SUBTYPES_ANY));
  g_assert_true(matches(&extended, MPTCP_SUBTYPES_ANY));
  extended.data[6] = IPPROTO_HOPOPTS;
  g_assert_false(matches(&extended, MPTCP_SUBTYPES_ANY));
}

/* Every set: never too long, and the kernel's checker takes it. */
static void test_sets(void)
{
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  guint fewest = G_MAXUINT;

  g_assert_cmpint(fd, >=, 0);
  for (guint set = 1; set <= MPTCP_SUBTYPES_ANY; set += set < 0x1ff ? 1 : 0x101)
    for (int ipv6 = 0; ipv6 <= 1; ipv6++) {
      struct sock_filter code[MPTCP_BYTECODE_MAX];
      guint options = 0;
      struct sock_fprog program = { .len = mptcp_bytecode(ipv6, set, code, &options), .filter = code };
      g_assert_cmpuint(program.len, <=, MPTCP_BYTECODE_MAX);
      g_assert_cmpint(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program), ==, 0);
      fewest = MIN(fewest, options);
    }
  close(fd);
  g_assert_cmpuint(fewest, >=, 6);
}

/* Sets of neighbours see nine options. */
static void test_nine(void)
{
  for (guint first = 0; first < 9; first++)
    for (guint last = first; last < 9; last++)
      for (int ipv6 = 0; ipv6 <= 1; ipv6++) {
        struct sock_filter code[MPTCP_BYTECODE_MAX];
        guint options = 0;
        mptcp_bytecode(ipv6, (2u << last) - (1u << first), code, &options);
        g_assert_cmpuint(options, ==, 9);
      }
}

static guint64 seed = 88172645463325252u;

static guint32 draw(guint32 below)
{
  seed ^= seed << 13;
  seed ^= seed >> 7;
  seed ^= seed << 17;
  return (guint32)(seed >> 32) % below;
}

/* A byte that likely means something to a walk over options. */
static guint8 draw_byte(void)
{
  static const guint8 likely[] = { 0, 1, 1, 2, 3, 4, 8, 10, 12, 30, 30, 30, 0x10, 0x20, 5 };
  return draw(3) ? likely[draw(G_N_ELEMENTS(likely))] : draw(256);
}

static guint draw_option(guint8 *out)
{
  guint kind = draw(8);
  guint length = kind < 3 ? 12 : 2 + draw(10);

  if (kind >= 6) {
    out[0] = KIND_NOP;
    return 1;
  }
  out[0] = kind < 3 ? KIND_MPTCP : 2 + draw(8);
  out[1] = draw(20) ? length : draw(40);
  for (guint i = 2; i < length; i++)
    out[i] = draw(256);
  return length;
}

static Packet draw_packet(void)
{
  guint8 options[40 + 12] = { 0 }, payload[64];
  guint size = draw(11) * 4, n_payload = draw(sizeof payload);

  if (draw(2))
    for (guint n = 0; n < size;)
      n += draw_option(options + n);
  else
    for (guint n = 0; n < size; n++)
      options[n] = draw_byte();
  for (guint i = 0; i < n_payload; i++)
    payload[i] = draw_byte();
  Packet packet = make_packet(draw(2), 5 + draw(11), options, size, payload, n_payload);
  if (!draw(16))
    packet.data[packet.tcp + 12] = draw(256);
  if (!draw(16))
    packet.length = packet.tcp + 20 + draw(packet.length - packet.tcp - 19);
  if (!draw(32))
    packet.data[6] = draw(256);
  return packet;
}

static void test_fuzz(void)
{
  static const guint16 sets[] = { 1 << 0, 1 << 1, 3, 1 << 2, 7, 1 << 8, 0x1fe, 5, 0x155, MPTCP_SUBTYPES_ANY };
  struct { struct sock_filter code[MPTCP_BYTECODE_MAX]; guint n, options; } programs[2][G_N_ELEMENTS(sets)];
  guint compared = 0, matched = 0, packets = 0;

  for (int ipv6 = 0; ipv6 <= 1; ipv6++)
    for (guint i = 0; i < G_N_ELEMENTS(sets); i++)
      programs[ipv6][i].n = mptcp_bytecode(ipv6, sets[i], programs[ipv6][i].code, &programs[ipv6][i].options);
  for (; compared < 1000000; packets++) {
    Packet packet = draw_packet();
    guint i = draw(G_N_ELEMENTS(sets));
    gboolean limit, wanted = expected(&packet, sets[i], programs[packet.ipv6][i].options, &limit);
    if (limit)
      continue;
    compared++;
    matched += wanted;
    if (run(programs[packet.ipv6][i].code, programs[packet.ipv6][i].n, &packet) != wanted)
      g_error("packet %u, set %x: wanted %d", packets, sets[i], wanted);
  }
  g_test_message("%u packets drawn, %u within the limits compared, %u of them match", packets, compared, matched);
  g_assert_cmpuint(matched, >, 50000);
}

static void test_names(void)
{
  const char *word = NULL;
  guint16 set = 0;

  g_assert_true(mptcp_subtypes_parse("mp_capable,mp_join", &set, &word));
  g_assert_cmphex(set, ==, 3);
  g_assert_true(mptcp_subtypes_parse("mp_tcprst", &set, &word));
  g_assert_cmphex(set, ==, 1 << 8);
  g_assert_true(mptcp_subtypes_parse("any", &set, &word));
  g_assert_cmphex(set, ==, MPTCP_SUBTYPES_ANY);
  static const char *const wrong[] = { "", ",", "mp_join,", "join", "mp_join mp_capable", "anything", "MP_JOIN", "mp_" };
  for (guint i = 0; i < G_N_ELEMENTS(wrong); i++)
    g_assert_false(mptcp_subtypes_parse(wrong[i], &set, &word));
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/mptcp-bytecode/orders", test_orders);
  g_test_add_func("/mptcp-bytecode/cases", test_cases);
  g_test_add_func("/mptcp-bytecode/not-tcp", test_not_tcp);
  g_test_add_func("/mptcp-bytecode/sets", test_sets);
  g_test_add_func("/mptcp-bytecode/nine", test_nine);
  g_test_add_func("/mptcp-bytecode/fuzz", test_fuzz);
  g_test_add_func("/mptcp-bytecode/names", test_names);
  return g_test_run();
}
