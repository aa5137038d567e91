/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "paths/parse.h"
#include "paths/probe.h"

typedef struct {
  char buffer[8192];
  struct nlmsghdr *message;
} Message;

static gpointer start(Message *m, guint16 type, gsize header)
{
  memset(m, 0, sizeof *m);
  m->message = mnl_nlmsg_put_header(m->buffer);
  m->message->nlmsg_type = type;
  return mnl_nlmsg_put_extra_header(m->message, header);
}

static void put_address(Message *m, guint16 type, const char *text)
{
  NeoAddress address;

  g_assert_true(neo_address_parse(text, &address));
  mnl_attr_put(m->message, type, neo_address_size(&address), address.bytes);
}

static gboolean parse_link(const struct nlmsghdr *message) { NeoLink link; return neo_parse_link(message, &link); }
static gboolean parse_local(const struct nlmsghdr *message) { NeoLocal local; return neo_parse_local(message, &local); }
static gboolean parse_route(const struct nlmsghdr *message) { NeoRoute route; return neo_parse_route(message, &route); }
static gboolean parse_rule(const struct nlmsghdr *message) { NeoRule rule; return neo_parse_rule(message, &rule); }

/* Every beginning of the message, in memory of just that size, so that a sanitizer sees a read beyond it; and every byte changed. */
static void damage(const Message *m, gboolean (*parse)(const struct nlmsghdr *))
{
  gsize full = m->message->nlmsg_len;

  for (gsize length = sizeof(struct nlmsghdr); length < full; length++) {
    /* Netlink messages are padded to four bytes. */
    g_autofree struct nlmsghdr *part = g_malloc0(NLMSG_ALIGN(length));
    memcpy(part, m->message, length);
    part->nlmsg_len = length;
    parse(part);
  }
  for (gsize i = sizeof(struct nlmsghdr); i < full; i++)
    for (guint bit = 0; bit < 8; bit++) {
      g_autofree guint8 *copy = g_memdup2(m->message, full);
      copy[i] ^= 1 << bit;
      parse((struct nlmsghdr *)copy);
    }
}

static void make_link(Message *m, const char *kind)
{
  guint32 values[IPV4_DEVCONF_ARP_IGNORE] = { 0 };
  struct ifinfomsg *header = start(m, RTM_NEWLINK, sizeof *header);

  header->ifi_index = 7;
  header->ifi_flags = IFF_UP | IFF_RUNNING;
  mnl_attr_put_strz(m->message, IFLA_IFNAME, "neo1");
  mnl_attr_put_u32(m->message, IFLA_LINK, 2);
  struct nlattr *info = mnl_attr_nest_start(m->message, IFLA_LINKINFO);
  mnl_attr_put_strz(m->message, IFLA_INFO_KIND, kind);
  mnl_attr_nest_end(m->message, info);
  values[IPV4_DEVCONF_ARP_IGNORE - 1] = 1;
  values[IPV4_DEVCONF_ARP_ANNOUNCE - 1] = 2;
  values[IPV4_DEVCONF_RP_FILTER - 1] = 3;
  struct nlattr *spec = mnl_attr_nest_start(m->message, IFLA_AF_SPEC);
  struct nlattr *inet = mnl_attr_nest_start(m->message, AF_INET);
  mnl_attr_put(m->message, IFLA_INET_CONF, sizeof values, values);
  mnl_attr_nest_end(m->message, inet);
  mnl_attr_nest_end(m->message, spec);
}

static void test_link(void)
{
  Message m;
  NeoLink link;

  make_link(&m, "macvlan");
  g_assert_true(neo_parse_link(m.message, &link));
  g_assert_cmpstr(link.name, ==, "neo1");
  g_assert_cmpint(link.index, ==, 7);
  g_assert_cmpint(link.parent, ==, 2);
  g_assert_true(link.running);
  g_assert_cmpuint(link.sysctls.value[NEO_ARP_IGNORE], ==, 1);
  g_assert_cmpuint(link.sysctls.value[NEO_ARP_ANNOUNCE], ==, 2);
  g_assert_cmpuint(link.sysctls.value[NEO_RP_FILTER], ==, 3);
  damage(&m, parse_link);

  mnl_attr_put_u32(m.message, IFLA_LINK_NETNSID, 0);
  g_assert_true(neo_parse_link(m.message, &link));
  g_assert_cmpint(link.parent, ==, 0);

  make_link(&m, "vlan");
  g_assert_true(neo_parse_link(m.message, &link));
  g_assert_cmpint(link.parent, ==, 0);
  g_assert_false(link.macvlan);

  start(&m, RTM_NEWLINK, sizeof(struct ifinfomsg));
  g_assert_false(neo_parse_link(m.message, &link));
}

static gboolean parse_address(const char *address, guint8 scope, guint32 flags, NeoLocal *ret_local)
{
  Message m;
  struct ifaddrmsg *header = start(&m, RTM_NEWADDR, sizeof *header);

  header->ifa_family = strchr(address, ':') ? AF_INET6 : AF_INET;
  header->ifa_index = 7;
  header->ifa_scope = scope;
  put_address(&m, IFA_ADDRESS, address);
  mnl_attr_put_u32(m.message, IFA_FLAGS, flags);
  damage(&m, parse_local);
  return neo_parse_local(m.message, ret_local);
}

static void test_local(void)
{
  NeoLocal local;

  g_assert_true(parse_address("2001:db8::1", RT_SCOPE_UNIVERSE, IFA_F_PERMANENT, &local));
  g_assert_cmpint(local.link, ==, 7);
  g_assert_false(local.temporary || local.deprecated);
  g_assert_true(parse_address("2001:db8::1", RT_SCOPE_UNIVERSE, IFA_F_TEMPORARY | IFA_F_DEPRECATED, &local));
  g_assert_true(local.temporary && local.deprecated);
  g_assert_true(parse_address("192.0.2.1", RT_SCOPE_UNIVERSE, IFA_F_SECONDARY, &local));
  g_assert_false(local.temporary);
  g_assert_false(parse_address("fe80::1", RT_SCOPE_LINK, 0, &local));
  g_assert_false(parse_address("2001:db8::1", RT_SCOPE_UNIVERSE, IFA_F_TENTATIVE, &local));
  g_assert_false(parse_address("2001:db8::1", RT_SCOPE_UNIVERSE, IFA_F_TENTATIVE | IFA_F_OPTIMISTIC, &local));
  g_assert_false(parse_address("2001:db8::1", RT_SCOPE_UNIVERSE, IFA_F_DADFAILED, &local));
}

static void test_point_to_point(void)
{
  Message m;
  NeoLocal local;
  struct ifaddrmsg *header = start(&m, RTM_NEWADDR, sizeof *header);

  header->ifa_family = AF_INET;
  put_address(&m, IFA_ADDRESS, "192.0.2.2");
  put_address(&m, IFA_LOCAL, "192.0.2.1");
  g_assert_true(neo_parse_local(m.message, &local));
  g_autofree char *text = neo_address_to_string(&local.address);
  g_assert_cmpstr(text, ==, "192.0.2.1");
}

static struct rtmsg *start_route(Message *m, guint8 family, guint8 length)
{
  struct rtmsg *header = start(m, RTM_NEWROUTE, sizeof *header);

  header->rtm_family = family;
  header->rtm_dst_len = length;
  header->rtm_type = RTN_UNICAST;
  mnl_attr_put_u32(m->message, RTA_TABLE, 1001);
  return header;
}

static void test_route(void)
{
  Message m;
  NeoRoute route;
  struct rtmsg *header = start_route(&m, AF_INET, 0);

  g_assert_false(neo_parse_route(m.message, &route));
  mnl_attr_put_u32(m.message, RTA_OIF, 7);
  mnl_attr_put_u32(m.message, RTA_PRIORITY, 410);
  g_assert_true(neo_parse_route(m.message, &route));
  g_assert_cmpuint(route.table, ==, 1001);
  g_assert_cmpuint(route.metric, ==, 410);
  g_assert_cmpint(route.link, ==, 7);
  g_assert_true(route.is_default);
  damage(&m, parse_route);
  header->rtm_dst_len = 24;
  g_assert_true(neo_parse_route(m.message, &route));
  g_assert_false(route.is_default);
  header->rtm_type = RTN_BLACKHOLE;
  g_assert_false(neo_parse_route(m.message, &route));
  header->rtm_type = RTN_UNICAST;
  header->rtm_flags = RTM_F_CLONED;
  g_assert_false(neo_parse_route(m.message, &route));

  start_route(&m, AF_INET6, 64);
  put_address(&m, RTA_DST, "fe80::");
  mnl_attr_put_u32(m.message, RTA_OIF, 7);
  g_assert_false(neo_parse_route(m.message, &route));
}

static void test_next_hops(void)
{
  Message m;
  NeoRoute route;
  struct rtnexthop hop = { .rtnh_len = sizeof hop, .rtnh_ifindex = 9 };

  start_route(&m, AF_INET, 0);
  mnl_attr_put(m.message, RTA_MULTIPATH, sizeof hop, &hop);
  g_assert_true(neo_parse_route(m.message, &route));
  g_assert_cmpint(route.link, ==, 9);
  damage(&m, parse_route);
}

static void make_rule(Message *m, guint8 protocol)
{
  struct fib_rule_hdr *header = start(m, RTM_NEWRULE, sizeof *header);

  header->family = AF_INET;
  header->src_len = 32;
  header->action = FR_ACT_TO_TBL;
  mnl_attr_put_u8(m->message, FRA_PROTOCOL, protocol);
  mnl_attr_put_u32(m->message, FRA_PRIORITY, NEO_RULE_FROM);
  mnl_attr_put_u32(m->message, FRA_TABLE, 1001);
  put_address(m, FRA_SRC, "192.0.2.1");
}

static void test_rule(void)
{
  Message m;
  NeoRule rule;
  NeoAddress from;

  make_rule(&m, NEO_RTPROT);
  g_assert_true(neo_parse_rule(m.message, &rule));
  neo_address_parse("192.0.2.1", &from);
  NeoRule expected = neo_rule_from(&from, 1001, NEO_RULE_FROM);
  g_autoptr(GArray) rules = g_array_new(FALSE, FALSE, sizeof(NeoRule));
  g_array_append_val(rules, expected);
  g_assert_true(neo_rules_contain(rules, &rule));
  damage(&m, parse_rule);
  make_rule(&m, RTPROT_STATIC);
  g_assert_false(neo_parse_rule(m.message, &rule));
  make_rule(&m, NEO_RTPROT);
  ((struct fib_rule_hdr *)mnl_nlmsg_get_payload(m.message))->family = 128;
  g_assert_false(neo_parse_rule(m.message, &rule));
}

static void test_fault_offset(void)
{
  Message m;
  struct nlmsgerr *err = start(&m, NLMSG_ERROR, sizeof *err);

  err->error = -EINVAL;
  mnl_attr_put_strz(m.message, NLMSGERR_ATTR_MSG, "limit greater than maximum");
  mnl_attr_put_u32(m.message, NLMSGERR_ATTR_OFFS, 28);
  g_assert_cmpuint(neo_parse_fault_offset(m.message), ==, 0);
  m.message->nlmsg_flags = NLM_F_ACK_TLVS | NLM_F_CAPPED;
  g_assert_cmpuint(neo_parse_fault_offset(m.message), ==, 28);
  m.message->nlmsg_flags = NLM_F_ACK_TLVS;
  err->msg.nlmsg_len = 1 << 30;
  g_assert_cmpuint(neo_parse_fault_offset(m.message), ==, 0);
  err->msg.nlmsg_len = 0;
  g_assert_cmpuint(neo_parse_fault_offset(m.message), ==, 28);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/paths/parse/link", test_link);
  g_test_add_func("/paths/parse/local", test_local);
  g_test_add_func("/paths/parse/point-to-point", test_point_to_point);
  g_test_add_func("/paths/parse/route", test_route);
  g_test_add_func("/paths/parse/next-hops", test_next_hops);
  g_test_add_func("/paths/parse/rule", test_rule);
  g_test_add_func("/paths/parse/fault-offset", test_fault_offset);
  return g_test_run();
}
