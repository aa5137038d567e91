/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tcp.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#include "xtables-ext/relay-drain-rules.h"
#include "xtables-ext/relay-segment.h"

static void test_rules(void)
{
  static const char rules[] =
    "-A neo-fwd -m conntrack --ctstate RELATED,ESTABLISHED --ctorigdst 192.0.2.11 -j ACCEPT\n"
    "-A neo-in -d 192.0.2.11 -p tcp -m tcp -m multiport --dports 443,8443 -j neo-in-a\n"
    "-A neo-in-a -d 192.0.2.11 -p tcp -m tcp --syn -m multiport --dports 443,8443 -j RELAY --to 192.0.2.10\n"
    "-A neo-out-a -d 192.0.2.10 -p tcp -m conntrack --ctorigdst 192.0.2.11 -j RELAYBACK\n";
  static const char closed[] =
    "-A neo-fwd -m conntrack --ctstate RELATED,ESTABLISHED --ctorigdst 192.0.2.11 -j ACCEPT\n"
    "-A neo-out-a -d 192.0.2.10 -p tcp -m conntrack --ctorigdst 192.0.2.11 -j RELAYBACK\n"
    "-A neo-end -j neo-end-a\n"
    "-A neo-end-a -p tcp -m mark --mark 0x4e656f -j CT --notrack\n";
  g_autofree char *drain = neo_relay_drain_rules("a", rules, FALSE), *reset = neo_relay_drain_rules("a", rules, TRUE);

  g_assert_cmpstr(drain, ==, closed);
  g_assert_cmpstr(reset, ==,
    "-A neo-fwd -m conntrack --ctstate RELATED,ESTABLISHED --ctorigdst 192.0.2.11 -j ACCEPT\n"
    "-A neo-out-a -d 192.0.2.10 -p tcp -m conntrack --ctorigdst 192.0.2.11 -j RELAYBACK\n"
    "-A neo-reset -j neo-rst-a\n"
    "-A neo-rst-a -p tcp -m conntrack --ctorigdst 192.0.2.11 --ctorigdstport 443 -j REJECT --reject-with tcp-reset\n"
    "-A neo-rst-a -p tcp -m conntrack --ctorigdst 192.0.2.11 --ctorigdstport 8443 -j REJECT --reject-with tcp-reset\n"
    "-A neo-end -j neo-end-a\n"
    "-A neo-end-a -p tcp -m mark --mark 0x4e656f -j CT --notrack\n");
}

static void test_doors(void)
{
  g_autoptr(GArray) doors = g_array_new(FALSE, FALSE, sizeof(NeoRelayDoor));
  g_autofree char *listen = NULL;

  neo_relay_doors("a",
                  "-A neo-in-a -d 2001:db8::1 -p tcp -m tcp --syn --dport 443 -m mptcp --mptcp-subtype mp_join -j RELAY --to 2001:db8::2\n"
                  "-A neo-in-a -d 2001:db8::1 -p tcp -m tcp --syn --dport 443 -m mptcp --mptcp-subtype mp_join -j RETURN\n"
                  "-A neo-in-ab -d 2001:db8::1 -p tcp -m tcp --syn --dport 444 -j RELAY --to 2001:db8::2\n"
                  "-A neo-in-a -d nonsense --dport 445 -j RELAY --to 2001:db8::2\n"
                  "-A neo-in-a -d 192.0.2.1 --dport 65536 -j RELAY --to 192.0.2.2\n"
                  "-A neo-in-a -d\n"
                  "-A neo-in-a -j RELAY -d\n"
                  "-A neo-in-a -j\n", doors);
  g_assert_cmpuint(doors->len, ==, 1);
  listen = neo_address_to_string(&g_array_index(doors, NeoRelayDoor, 0).listen);
  g_assert_cmpstr(listen, ==, "2001:db8::1");
  g_assert_cmpuint(g_array_index(doors, NeoRelayDoor, 0).port, ==, 443);
}

static void put_tuple(struct nlmsghdr *message, guint16 type, const char *from, const char *to, guint8 protocol)
{
  struct nlattr *nest = mnl_attr_nest_start(message, type), *inner = mnl_attr_nest_start(message, CTA_TUPLE_IP);
  NeoAddress address;

  g_assert_true(neo_address_parse(from, &address));
  mnl_attr_put(message, CTA_IP_V4_SRC, 4, address.bytes);
  g_assert_true(neo_address_parse(to, &address));
  mnl_attr_put(message, CTA_IP_V4_DST, 4, address.bytes);
  mnl_attr_nest_end(message, inner);
  inner = mnl_attr_nest_start(message, CTA_TUPLE_PROTO);
  mnl_attr_put_u8(message, CTA_PROTO_NUM, protocol);
  mnl_attr_put_u16(message, CTA_PROTO_SRC_PORT, g_htons(40000));
  mnl_attr_put_u16(message, CTA_PROTO_DST_PORT, g_htons(443));
  mnl_attr_nest_end(message, inner);
  mnl_attr_nest_end(message, nest);
}

static gboolean parse(guint32 status, guint8 protocol, guint8 state, NeoRelayFlow *ret_flow)
{
  char buffer[8192];
  struct nlmsghdr *message = neo_netlink_message(buffer, NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW, 0);

  mnl_nlmsg_put_extra_header(message, sizeof(struct nfgenmsg));
  put_tuple(message, CTA_TUPLE_ORIG, "192.0.2.2", "192.0.2.1", protocol);
  put_tuple(message, CTA_TUPLE_REPLY, "192.0.2.66", "192.0.2.65", protocol);
  mnl_attr_put_u32(message, CTA_STATUS, g_htonl(status));
  mnl_attr_put_u32(message, CTA_ID, 7);
  struct nlattr *info = mnl_attr_nest_start(message, CTA_PROTOINFO), *tcp = mnl_attr_nest_start(message, CTA_PROTOINFO_TCP);
  mnl_attr_put_u8(message, CTA_PROTOINFO_TCP_STATE, state);
  mnl_attr_nest_end(message, tcp);
  mnl_attr_nest_end(message, info);
  return neo_relay_flow_parse(message, ret_flow);
}

static void test_flow(void)
{
  NeoRelayFlow flow = { 0 };

  g_assert_true(parse(IPS_DST_NAT | IPS_CONFIRMED, IPPROTO_TCP, TCP_CONNTRACK_ESTABLISHED, &flow));
  g_autofree char *from = neo_address_to_string(&flow.original.from), *to = neo_address_to_string(&flow.reply.to);
  g_assert_cmpstr(from, ==, "192.0.2.2");
  g_assert_cmpstr(to, ==, "192.0.2.65");
  g_assert_cmpuint(flow.original.from_port, ==, 40000);
  g_assert_cmpuint(flow.original.to_port, ==, 443);
  g_assert_cmpuint(flow.id, ==, 7);
  g_assert_true(flow.open);
  g_assert_true(parse(IPS_DST_NAT, IPPROTO_TCP, TCP_CONNTRACK_CLOSE, &flow));
  g_assert_false(flow.open);
}

static void test_other_flows(void)
{
  NeoRelayFlow flow = { .id = 3 };

  g_assert_false(parse(IPS_CONFIRMED, IPPROTO_TCP, TCP_CONNTRACK_ESTABLISHED, &flow));
  g_assert_false(parse(IPS_DST_NAT, IPPROTO_UDP, TCP_CONNTRACK_ESTABLISHED, &flow));
  g_assert_cmpuint(flow.id, ==, 3);
}

typedef struct {
  const char *name;
  gsize size;
  guint8 packet[96];
  gboolean read;
  guint payload;
} Packet;

#define TCP(offset) 0x9c, 0x40, 0x01, 0xbb, 0, 0, 0, 5, 0, 0, 0, 9, offset, 0x10, 0x20, 0, 0, 0, 0, 0
#define IP4(length, total, fragment, protocol) 0x40 | length, 0, 0, total, 0, 0, fragment, 0, 64, protocol, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2
#define IP6(payload, next) 0x60, 0, 0, 0, 0, payload, next, 64, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, \
                           0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2

static void test_segment(void)
{
  static const Packet packets[] = {
    { "IPv4", 40, { IP4(5, 50, 0, 6), TCP(0x50) }, TRUE, 10 },
    { "IPv4, no data", 40, { IP4(5, 40, 0, 6), TCP(0x50) }, TRUE, 0 },
    { "TCP options are no data", 40, { IP4(5, 52, 0, 6), TCP(0x80) }, TRUE, 0 },
    { "IPv4 options", 44, { IP4(6, 54, 0, 6), 1, 1, 1, 1, TCP(0x50) }, TRUE, 10 },
    { "IPv6", 60, { IP6(30, 6), TCP(0x50) }, TRUE, 10 },
    { "the first fragment", 40, { IP4(5, 50, 0x20, 6), TCP(0x50) }, TRUE, 10 },
    { "a length that is too small", 40, { IP4(5, 1, 0, 6), TCP(0xf0) }, TRUE, 0 },
    { "a later fragment", 40, { IP4(5, 50, 0x01, 6), TCP(0x50) }, FALSE, 0 },
    { "UDP", 40, { IP4(5, 50, 0, 17), TCP(0x50) }, FALSE, 0 },
    { "UDP in IPv6", 60, { IP6(30, 17), TCP(0x50) }, FALSE, 0 },
    { "a header shorter than any", 40, { IP4(4, 50, 0, 6), TCP(0x50) }, FALSE, 0 },
    { "cut in TCP's header", 39, { IP4(5, 50, 0, 6), TCP(0x50) }, FALSE, 0 },
    { "cut in IPv6's header", 39, { IP6(30, 6), TCP(0x50) }, FALSE, 0 },
    { "no IP", 40, { 0x50 }, FALSE, 0 },
    { "nothing", 0, { 0 }, FALSE, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS(packets); i++) {
    NeoRelaySegment segment = { 0 };
    g_test_message("%s", packets[i].name);
    g_assert_cmpint(neo_relay_segment_parse(packets[i].packet, packets[i].size, &segment), ==, packets[i].read);
    if (!packets[i].read)
      continue;
    g_assert_cmpuint(segment.payload, ==, packets[i].payload);
    g_assert_cmpuint(segment.tuple.from_port, ==, 40000);
    g_assert_cmpuint(segment.tuple.to_port, ==, 443);
    g_assert_cmpuint(segment.seq, ==, 5);
    g_assert_cmpuint(segment.ack_seq, ==, 9);
    g_assert_cmpuint(segment.window, ==, 0x2000);
    g_assert_true(segment.ack && !segment.syn && !segment.rst);
    g_autofree char *to = neo_address_to_string(&segment.tuple.to);
    g_assert_cmpstr(to, ==, packets[i].packet[0] >> 4 == 4 ? "192.0.2.2" : "2001:db8::2");
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/relay-drain/rules", test_rules);
  g_test_add_func("/relay-drain/doors", test_doors);
  g_test_add_func("/relay-drain/flow", test_flow);
  g_test_add_func("/relay-drain/other-flows", test_other_flows);
  g_test_add_func("/relay-drain/segment", test_segment);
  return g_test_run();
}
