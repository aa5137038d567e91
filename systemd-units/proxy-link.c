/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "systemd-units/proxy-link.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <string.h>
#include <unistd.h>

#include "common/error.h"
#include "common/netlink.h"
#include "paths/pm-announced.h"
#include "systemd-units/proxy-namespace.h"

/* The index of lo in every namespace. */
#define LOOPBACK 1

/* A link from the host into a namespace. */
typedef struct {
  const char *name; /* the namespace's; the ends' MAC addresses follow from it */
  const char *link;
  const NeoAddress *host, *inside; /* of each end: IPv4, IPv6 */
  const NeoPrefix *beyond[2];      /* what the host reaches through it, NULL: the inner end alone */
  gboolean ipv6;
} Pair;

static guint8 full_length(const NeoAddress *address)
{
  return neo_address_size(address) * 8;
}

static void put_address(struct nlmsghdr *message, guint16 type, const NeoAddress *address)
{
  mnl_attr_put(message, type, neo_address_size(address), address->bytes);
}

static void put_end(struct nlmsghdr *message, const char *name, const char *link, gboolean inside)
{
  guint8 mac[6];

  neo_proxy_mac(name, inside, mac);
  mnl_attr_put_strz(message, IFLA_IFNAME, link);
  mnl_attr_put(message, IFLA_ADDRESS, sizeof mac, mac);
}

static gboolean create_pair(NeoNetlink *netlink, const Pair *pair, int namespace, GError **error)
{
  char buffer[8192];
  struct nlmsghdr *message = neo_netlink_message(buffer, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);

  mnl_nlmsg_put_extra_header(message, sizeof(struct ifinfomsg));
  put_end(message, pair->name, pair->link, FALSE);
  struct nlattr *info = mnl_attr_nest_start(message, IFLA_LINKINFO);
  mnl_attr_put_strz(message, IFLA_INFO_KIND, "veth");
  struct nlattr *data = mnl_attr_nest_start(message, IFLA_INFO_DATA);
  struct nlattr *peer = mnl_attr_nest_start(message, VETH_INFO_PEER);
  mnl_nlmsg_put_extra_header(message, sizeof(struct ifinfomsg));
  put_end(message, pair->name, NEO_PROXY_INSIDE_LINK, TRUE);
  mnl_attr_put_u32(message, IFLA_NET_NS_FD, namespace);
  mnl_attr_nest_end(message, peer);
  mnl_attr_nest_end(message, data);
  mnl_attr_nest_end(message, info);
  return neo_netlink_request(netlink, message, NULL, error);
}

typedef struct {
  guint8 mac[6];
  gboolean veth;
} LinkAnswer;

static int take_link(const struct nlmsghdr *message, void *data)
{
  LinkAnswer *answer = data;
  const struct nlattr *attr, *field;

  mnl_attr_for_each (attr, message, sizeof(struct ifinfomsg)) {
    if (mnl_attr_get_type(attr) == IFLA_ADDRESS && mnl_attr_get_payload_len(attr) == sizeof answer->mac)
      memcpy(answer->mac, mnl_attr_get_payload(attr), sizeof answer->mac);
    if (mnl_attr_get_type(attr) == IFLA_LINKINFO)
      mnl_attr_for_each_nested (field, attr)
        if (mnl_attr_get_type(field) == IFLA_INFO_KIND)
          answer->veth = g_str_equal(mnl_attr_get_str(field), "veth");
  }
  return MNL_CB_OK;
}

/* Whether the link @index is the end that Neo made for the namespace @name: its address follows from that. */
static gboolean is_ours(NeoNetlink *netlink, const char *name, guint index)
{
  char buffer[8192];
  guint8 mac[6];
  LinkAnswer answer = { 0 };
  struct nlmsghdr *message = neo_netlink_message(buffer, RTM_GETLINK, 0);
  struct ifinfomsg *header = mnl_nlmsg_put_extra_header(message, sizeof *header);

  header->ifi_index = index;
  neo_proxy_mac(name, FALSE, mac);
  return neo_netlink_get(netlink, message, take_link, &answer, NULL) && answer.veth &&
         memcmp(answer.mac, mac, sizeof mac) == 0;
}

static struct nlmsghdr *link_message(char buffer[static 8192], guint link, guint flags)
{
  struct nlmsghdr *message = neo_netlink_message(buffer, RTM_NEWLINK, 0);
  struct ifinfomsg *header = mnl_nlmsg_put_extra_header(message, sizeof *header);

  *header = (struct ifinfomsg){ .ifi_index = link, .ifi_flags = flags, .ifi_change = flags };
  return message;
}

/* Only the addresses that it is given: no link-local address, whose duplicate detection would hold up the first
 * packets. */
static gboolean no_link_local(NeoNetlink *netlink, guint link, GError **error)
{
  char buffer[8192];
  struct nlmsghdr *message = link_message(buffer, link, 0);
  struct nlattr *spec = mnl_attr_nest_start(message, IFLA_AF_SPEC), *inet6 = mnl_attr_nest_start(message, AF_INET6);

  mnl_attr_put_u8(message, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
  mnl_attr_nest_end(message, inet6);
  mnl_attr_nest_end(message, spec);
  return neo_netlink_request(netlink, message, NULL, error);
}

static gboolean set_up(NeoNetlink *netlink, guint link, GError **error)
{
  char buffer[8192];

  return neo_netlink_request(netlink, link_message(buffer, link, IFF_UP), NULL, error);
}

/* @mark: NEO_IFAPROT_* for one that is announced, 0 for others. */
static gboolean change_address(NeoNetlink *netlink, guint16 type, guint link, const NeoAddress *address, guint8 mark,
                               GError **error)
{
  char buffer[8192];
  int errnum;
  g_autoptr(GError) why = NULL;
  struct nlmsghdr *message = neo_netlink_message(buffer, type, type == RTM_NEWADDR ? NLM_F_CREATE | NLM_F_REPLACE : 0);
  struct ifaddrmsg *header = mnl_nlmsg_put_extra_header(message, sizeof *header);

  *header =
      (struct ifaddrmsg){ .ifa_family = address->family, .ifa_prefixlen = full_length(address), .ifa_index = link };
  /* There is no second host on the link: a wait for duplicates would only delay the first connection. */
  if (address->family == AF_INET6)
    header->ifa_flags = IFA_F_NODAD;
  put_address(message, IFA_LOCAL, address);
  if (mark)
    mnl_attr_put_u8(message, IFA_PROTO, mark);
  if (neo_netlink_request(netlink, message, &errnum, &why) || (type == RTM_DELADDR && errnum == EADDRNOTAVAIL))
    return TRUE;
  g_propagate_error(error, g_steal_pointer(&why));
  return FALSE;
}

/* @destination of family 0: everything. @gateway and @source may be NULL. */
static gboolean add_route(NeoNetlink *netlink, guint link, sa_family_t family, const NeoPrefix *destination,
                          const NeoAddress *gateway, const NeoAddress *source, GError **error)
{
  char buffer[8192];
  struct nlmsghdr *message = neo_netlink_message(buffer, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE);
  struct rtmsg *header = mnl_nlmsg_put_extra_header(message, sizeof *header);

  *header = (struct rtmsg){ .rtm_family = family,
                            .rtm_dst_len = destination ? destination->length : 0,
                            .rtm_table = RT_TABLE_MAIN,
                            .rtm_protocol = RTPROT_STATIC,
                            .rtm_type = RTN_UNICAST,
                            .rtm_scope = gateway || family == AF_INET6 ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK };
  if (destination)
    put_address(message, RTA_DST, &destination->address);
  if (gateway)
    put_address(message, RTA_GATEWAY, gateway);
  if (source)
    put_address(message, RTA_PREFSRC, source);
  mnl_attr_put_u32(message, RTA_OIF, link);
  return neo_netlink_request(netlink, message, NULL, error);
}

/* Both ends are known, so nobody has to ask, and nothing from inside can claim to be another. */
static gboolean add_neighbour(NeoNetlink *netlink, guint link, const NeoAddress *address, const guint8 mac[6],
                              GError **error)
{
  char buffer[8192];
  struct nlmsghdr *message = neo_netlink_message(buffer, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE);
  struct ndmsg *header = mnl_nlmsg_put_extra_header(message, sizeof *header);

  *header = (struct ndmsg){ .ndm_family = address->family, .ndm_ifindex = link, .ndm_state = NUD_PERMANENT };
  put_address(message, NDA_DST, address);
  mnl_attr_put(message, NDA_LLADDR, 6, mac);
  return neo_netlink_request(netlink, message, NULL, error);
}

/* One end in one family: its address, the way to the other end, and through it the rest, from inside everything. */
static gboolean set_family(NeoNetlink *netlink, const Pair *pair, guint link, gboolean inside, guint i, GError **error)
{
  const NeoAddress *here = inside ? &pair->inside[i] : &pair->host[i],
                   *there = inside ? &pair->host[i] : &pair->inside[i];
  NeoPrefix peer = { *there, full_length(there) };
  guint8 mac[6];

  neo_proxy_mac(pair->name, !inside, mac);
  if (!change_address(netlink, RTM_NEWADDR, link, here, 0, error) || !add_neighbour(netlink, link, there, mac, error) ||
      !add_route(netlink, link, here->family, &peer, NULL, NULL, error))
    return FALSE;
  if (!inside && !pair->beyond[i])
    return TRUE;
  return add_route(netlink, link, here->family, inside ? NULL : pair->beyond[i], there, inside ? here : NULL, error);
}

static gboolean set_end(const Pair *pair, gboolean inside, GError **error)
{
  g_autoptr(NeoNetlink) netlink = neo_netlink_open(NETLINK_ROUTE, 0, error);
  guint link = if_nametoindex(inside ? NEO_PROXY_INSIDE_LINK : pair->link);

  if (!netlink || (inside && !set_up(netlink, if_nametoindex("lo"), error)) ||
      (pair->ipv6 && !no_link_local(netlink, link, error)) || !set_up(netlink, link, error))
    return FALSE;
  return set_family(netlink, pair, link, inside, 0, error) &&
         (!pair->ipv6 || set_family(netlink, pair, link, inside, 1, error));
}

static gboolean inside_end_exists(const char *name)
{
  int home;

  if (!neo_proxy_namespace_enter(name, &home, NULL))
    return FALSE;
  gboolean exists = if_nametoindex(NEO_PROXY_INSIDE_LINK) != 0;
  neo_proxy_namespace_leave(home);
  return exists;
}

static gboolean remove_pair(NeoNetlink *netlink, const char *name, const char *link, GError **error)
{
  char buffer[8192];
  guint index = if_nametoindex(link);

  if (!index || !is_ours(netlink, name, index))
    return TRUE;
  struct nlmsghdr *message = neo_netlink_message(buffer, RTM_DELLINK, 0);
  struct ifinfomsg *header = mnl_nlmsg_put_extra_header(message, sizeof *header);
  header->ifi_index = index;
  return neo_netlink_request(netlink, message, NULL, error);
}

static gboolean ensure_pair(const Pair *pair, GError **error)
{
  g_autofree char *path = neo_proxy_namespace_path(pair->name);
  g_autoptr(NeoNetlink) netlink = neo_netlink_open(NETLINK_ROUTE, 0, error);
  guint link = if_nametoindex(pair->link);

  if (!netlink)
    return FALSE;
  if (link && !is_ours(netlink, pair->name, link)) {
    g_set_error(error, NEO_ERROR, NEO_ERROR_SYSTEM, "there is a link %s that is not Neo's", pair->link);
    return FALSE;
  }
  if (link && inside_end_exists(pair->name))
    return TRUE;
  if (!remove_pair(netlink, pair->name, pair->link, error))
    return FALSE;
  int namespace = open(path, O_RDONLY | O_CLOEXEC);
  if (namespace < 0)
    return neo_error_set_errno(error, errno, "%s", path);
  gboolean created = create_pair(netlink, pair, namespace, error);
  close(namespace);
  return created;
}

static gboolean add_pair(const Pair *pair, GError **error)
{
  int home;

  if (!ensure_pair(pair, error) || !set_end(pair, FALSE, error) || !neo_proxy_namespace_enter(pair->name, &home, error))
    return FALSE;
  gboolean set = set_end(pair, TRUE, error);
  neo_proxy_namespace_leave(home);
  return set;
}

gboolean neo_proxy_link_add(const NeoProxyPlan *plan, GError **error)
{
  g_autofree char *probe_name = neo_proxy_probe_name(plan->name);
  Pair main = { plan->name, plan->link, plan->host, plan->inside, { &plan->subnet, &plan->subnet6 }, plan->ipv6 };
  Pair probe = { probe_name, plan->probe_link, plan->probe_host, plan->probe_inside, { NULL }, plan->ipv6 };

  return add_pair(&main, error) && (!plan->probe || add_pair(&probe, error));
}

gboolean neo_proxy_link_remove(const char *name, GError **error)
{
  g_autofree char *link = neo_proxy_link_name(name), *probe_link = neo_proxy_probe_link_name(name),
                  *probe_name = neo_proxy_probe_name(name);
  g_autoptr(NeoNetlink) netlink = neo_netlink_open(NETLINK_ROUTE, 0, error);

  if (!netlink)
    return FALSE;
  gboolean first = remove_pair(netlink, name, link, error);
  return remove_pair(netlink, probe_name, probe_link, first ? error : NULL) && first;
}

/* What neo-pathd is to announce, should it be the path manager in the namespace. */
static guint8 mark_of(const NeoProxyPlan *plan, const NeoAddress *address)
{
  if (neo_proxy_mapping_find(plan->listen, address))
    return NEO_IFAPROT_ANNOUNCED;
  if (neo_proxy_plan_withholds(plan, address))
    return NEO_IFAPROT_WITHHELD;
  return plan->backup ? NEO_IFAPROT_BACKUP : NEO_IFAPROT_ANNOUNCED;
}

static gboolean add_announced(NeoNetlink *netlink, const NeoProxyPlan *plan, const GArray *mappings, GError **error)
{
  for (guint i = 0; i < mappings->len; i++) {
    const NeoAddress *address = &g_array_index(mappings, NeoProxyMapping, i).address;
    if (!change_address(netlink, RTM_NEWADDR, LOOPBACK, address, mark_of(plan, address), error))
      return FALSE;
  }
  return TRUE;
}

static gboolean remove_announced(NeoNetlink *netlink, const GArray *mappings, const NeoProxyPlan *plan, GError **error)
{
  for (guint i = 0; i < mappings->len; i++) {
    const NeoAddress *address = &g_array_index(mappings, NeoProxyMapping, i).address;
    if (!neo_proxy_mapping_find(plan->relays, address) && !neo_proxy_mapping_find(plan->listen, address) &&
        !change_address(netlink, RTM_DELADDR, LOOPBACK, address, 0, error))
      return FALSE;
  }
  return TRUE;
}

gboolean neo_proxy_link_announced(const NeoProxyPlan *plan, NeoNetlink *route, GError **error)
{
  return add_announced(route, plan, plan->relays, error) && add_announced(route, plan, plan->listen, error);
}

gboolean neo_proxy_link_prune(const NeoProxyPlan *plan, const NeoProxyPlan *before, GError **error)
{
  g_autoptr(NeoNetlink) netlink = neo_netlink_open(NETLINK_ROUTE, 0, error);

  return netlink && remove_announced(netlink, before->relays, plan, error) &&
         remove_announced(netlink, before->listen, plan, error);
}
