/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "paths/parse.h"

#include <libmnl/libmnl.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <string.h>

/* Attributes of one message or nest by type; those beyond @max are of no interest. */
typedef struct {
  guint16 max;
  const struct nlattr **attrs;
} Table;

static int collect(const struct nlattr *attr, void *data)
{
  Table *table = data;

  if (mnl_attr_get_type(attr) <= table->max)
    table->attrs[mnl_attr_get_type(attr)] = attr;
  return MNL_CB_OK;
}

static gboolean read_message(const struct nlmsghdr *message, gsize header, const struct nlattr **attrs, guint16 max)
{
  Table table = { max, attrs };

  memset(attrs, 0, (max + 1) * sizeof *attrs);
  return mnl_nlmsg_get_payload_len(message) >= header && mnl_attr_parse(message, header, collect, &table) >= MNL_CB_STOP;
}

static gboolean read_nest(const struct nlattr *nest, const struct nlattr **attrs, guint16 max)
{
  Table table = { max, attrs };

  memset(attrs, 0, (max + 1) * sizeof *attrs);
  return nest && mnl_attr_parse_nested(nest, collect, &table) >= MNL_CB_STOP;
}

static guint32 get_u32(const struct nlattr *attr, guint32 otherwise)
{
  return attr && mnl_attr_validate(attr, MNL_TYPE_U32) >= 0 ? mnl_attr_get_u32(attr) : otherwise;
}

static guint8 get_u8(const struct nlattr *attr, guint8 otherwise)
{
  return attr && mnl_attr_validate(attr, MNL_TYPE_U8) >= 0 ? mnl_attr_get_u8(attr) : otherwise;
}

static const char *get_string(const struct nlattr *attr)
{
  return attr && mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0 ? mnl_attr_get_str(attr) : "";
}

static gboolean get_address(const struct nlattr *attr, sa_family_t family, NeoAddress *ret_address)
{
  return attr && neo_address_from_bytes(family, mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr), ret_address);
}

/* IFLA_INET_CONF is an array of all net/ipv4/conf values, in the order of linux/ip.h, from 1. */
static void read_sysctls(const struct nlattr *spec, NeoSysctls *sysctls)
{
  static const guint positions[] = {
    [NEO_ARP_IGNORE] = IPV4_DEVCONF_ARP_IGNORE, [NEO_ARP_ANNOUNCE] = IPV4_DEVCONF_ARP_ANNOUNCE,
    [NEO_RP_FILTER] = IPV4_DEVCONF_RP_FILTER,
  };
  const struct nlattr *families[AF_INET + 1], *attrs[IFLA_INET_CONF + 1];

  if (!read_nest(spec, families, AF_INET) || !read_nest(families[AF_INET], attrs, IFLA_INET_CONF) || !attrs[IFLA_INET_CONF])
    return;
  const guint8 *values = mnl_attr_get_payload(attrs[IFLA_INET_CONF]);
  gsize count = mnl_attr_get_payload_len(attrs[IFLA_INET_CONF]) / sizeof(guint32);
  for (guint i = 0; i < NEO_N_SYSCTLS; i++)
    if (positions[i] <= count)
      memcpy(&sysctls->value[i], values + (positions[i] - 1) * sizeof(guint32), sizeof(guint32));
}

static gboolean is_macvlan(const struct nlattr *info)
{
  const struct nlattr *attrs[IFLA_INFO_KIND + 1];

  if (!read_nest(info, attrs, IFLA_INFO_KIND))
    return FALSE;
  const char *kind = get_string(attrs[IFLA_INFO_KIND]);
  return g_str_equal(kind, "macvlan") || g_str_equal(kind, "macvtap");
}

gboolean neo_parse_link(const struct nlmsghdr *message, NeoLink *ret_link)
{
  const struct nlattr *attrs[IFLA_LINK_NETNSID + 1];

  if (!read_message(message, sizeof(struct ifinfomsg), attrs, IFLA_LINK_NETNSID))
    return FALSE;
  const struct ifinfomsg *header = mnl_nlmsg_get_payload(message);
  NeoLink link = {
    .index = header->ifi_index,
    .macvlan = is_macvlan(attrs[IFLA_LINKINFO]),
    .running = (header->ifi_flags & IFF_UP) && (header->ifi_flags & IFF_RUNNING),
  };
  if (link.macvlan && !attrs[IFLA_LINK_NETNSID])
    link.parent = get_u32(attrs[IFLA_LINK], 0);
  read_sysctls(attrs[IFLA_AF_SPEC], &link.sysctls);
  if (g_strlcpy(link.name, get_string(attrs[IFLA_IFNAME]), sizeof link.name) == 0)
    return FALSE;
  *ret_link = link;
  return TRUE;
}

gboolean neo_parse_local(const struct nlmsghdr *message, NeoLocal *ret_local)
{
  const struct nlattr *attrs[IFA_FLAGS + 1];

  if (!read_message(message, sizeof(struct ifaddrmsg), attrs, IFA_FLAGS))
    return FALSE;
  const struct ifaddrmsg *header = mnl_nlmsg_get_payload(message);
  guint32 flags = get_u32(attrs[IFA_FLAGS], header->ifa_flags);
  NeoLocal local = {
    .link = header->ifa_index,
    .deprecated = (flags & IFA_F_DEPRECATED) != 0,
    /* The same bit means "secondary" for IPv4, which is an address like any other. */
    .temporary = header->ifa_family == AF_INET6 && (flags & IFA_F_TEMPORARY),
  };
  if (header->ifa_scope != RT_SCOPE_UNIVERSE || flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED))
    return FALSE;
  /* On a point-to-point link IFA_ADDRESS is the other side. */
  if (!get_address(attrs[IFA_LOCAL] ? attrs[IFA_LOCAL] : attrs[IFA_ADDRESS], header->ifa_family, &local.address))
    return FALSE;
  *ret_local = local;
  return TRUE;
}

/* A route with several next hops counts as its first one's. */
static int first_hop_link(const struct nlattr *hops)
{
  if (!hops || mnl_attr_get_payload_len(hops) < sizeof(struct rtnexthop))
    return 0;
  const struct rtnexthop *hop = mnl_attr_get_payload(hops);
  return hop->rtnh_ifindex;
}

/* Each interface has its own route to fe80::/64; it says nothing about where its table leads. */
static gboolean is_link_local(const struct nlattr *to)
{
  NeoAddress address;
  return get_address(to, AF_INET6, &address) && neo_address_is_link_local(&address);
}

gboolean neo_parse_route(const struct nlmsghdr *message, NeoRoute *ret_route)
{
  const struct nlattr *attrs[RTA_TABLE + 1];

  if (!read_message(message, sizeof(struct rtmsg), attrs, RTA_TABLE))
    return FALSE;
  const struct rtmsg *header = mnl_nlmsg_get_payload(message);
  NeoRoute route = {
    .family = header->rtm_family,
    .table = get_u32(attrs[RTA_TABLE], header->rtm_table),
    .metric = get_u32(attrs[RTA_PRIORITY], 0),
    .link = get_u32(attrs[RTA_OIF], first_hop_link(attrs[RTA_MULTIPATH])),
    .is_default = header->rtm_dst_len == 0 && header->rtm_src_len == 0,
  };
  if (header->rtm_type != RTN_UNICAST || header->rtm_flags & RTM_F_CLONED || route.link <= 0 || is_link_local(attrs[RTA_DST]))
    return FALSE;
  *ret_route = route;
  return TRUE;
}

gboolean neo_parse_rule(const struct nlmsghdr *message, NeoRule *ret_rule)
{
  const struct nlattr *attrs[FRA_PROTOCOL + 1];

  if (!read_message(message, sizeof(struct fib_rule_hdr), attrs, FRA_PROTOCOL))
    return FALSE;
  const struct fib_rule_hdr *header = mnl_nlmsg_get_payload(message);
  NeoRule rule = {
    .family = header->family,
    .action = header->action,
    .from_length = header->src_len,
    .table = get_u32(attrs[FRA_TABLE], header->table),
    .priority = get_u32(attrs[FRA_PRIORITY], 0),
    .mark = get_u32(attrs[FRA_FWMARK], 0),
  };
  if (get_u8(attrs[FRA_PROTOCOL], 0) != NEO_RTPROT || (rule.family != AF_INET && rule.family != AF_INET6))
    return FALSE;
  if (rule.from_length && !get_address(attrs[FRA_SRC], header->family, &rule.from))
    return FALSE;
  g_strlcpy(rule.oif, get_string(attrs[FRA_OIFNAME]), sizeof rule.oif);
  *ret_rule = rule;
  return TRUE;
}
