/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "systemd-units/proxy-host.h"

#include <linux/rtnetlink.h>
#include <net/if.h>

#include "common/netlink.h"

static void other_free(gpointer data)
{
  NeoProxyOther *other = data;

  g_free(other->name);
  g_array_unref(other->ports);
  g_array_unref(other->listen);
  g_free(other);
}

NeoProxyOther *neo_proxy_other_new(const char *name)
{
  NeoProxyOther *other = g_new0(NeoProxyOther, 1);

  other->name = g_strdup(name);
  other->ports = g_array_new(FALSE, FALSE, sizeof(guint16));
  other->listen = g_array_new(FALSE, FALSE, sizeof(NeoAddress));
  return other;
}

NeoProxyHost *neo_proxy_host_new(void)
{
  NeoProxyHost *host = g_new0(NeoProxyHost, 1);

  host->routes = g_array_new(FALSE, FALSE, sizeof(NeoProxyRoute));
  host->addresses = g_array_new(FALSE, FALSE, sizeof(NeoProxyHostAddress));
  host->others = g_ptr_array_new_with_free_func(other_free);
  return host;
}

void neo_proxy_host_free(NeoProxyHost *host)
{
  if (!host)
    return;
  g_array_unref(host->routes);
  g_array_unref(host->addresses);
  g_ptr_array_unref(host->others);
  g_free(host);
}

typedef struct {
  NeoProxyHost *host;
  guint own[2]; /* 0: none */
} Observation;

static gboolean is_own(const Observation *observation, guint link)
{
  return link && (link == observation->own[0] || link == observation->own[1]);
}

/* A multipath route names its links one level down (rtnetlink(7)); the first stands for it. */
static guint first_nexthop(const struct nlattr *attr)
{
  const struct rtnexthop *hop = mnl_attr_get_payload(attr);
  return mnl_attr_get_payload_len(attr) >= sizeof *hop ? (guint)hop->rtnh_ifindex : 0;
}

static void take_route_attr(const struct nlattr *attr, NeoProxyRoute *route, guint32 *table)
{
  guint16 type = mnl_attr_get_type(attr), size = mnl_attr_get_payload_len(attr);

  if (type == RTA_DST)
    neo_address_from_bytes(route->destination.address.family, mnl_attr_get_payload(attr), size, &route->destination.address);
  else if (type == RTA_MULTIPATH)
    route->link = first_nexthop(attr);
  else if (type == RTA_OIF && size == 4)
    route->link = mnl_attr_get_u32(attr);
  else if (type == RTA_PRIORITY && size == 4)
    route->metric = mnl_attr_get_u32(attr);
  else if (type == RTA_TABLE && size == 4)
    *table = mnl_attr_get_u32(attr);
}

gboolean neo_proxy_parse_route(const struct nlmsghdr *message, NeoProxyRoute *ret_route)
{
  const struct rtmsg *header = mnl_nlmsg_get_payload(message);
  const struct nlattr *attr;

  if (mnl_nlmsg_get_payload_len(message) < sizeof *header || header->rtm_type != RTN_UNICAST || header->rtm_flags & RTM_F_CLONED)
    return FALSE;
  NeoProxyRoute route = { .destination = { { .family = header->rtm_family }, header->rtm_dst_len } };
  guint32 table = header->rtm_table;
  if (route.destination.length > 8 * neo_address_size(&route.destination.address))
    return FALSE;
  mnl_attr_for_each (attr, message, sizeof *header) {
    take_route_attr(attr, &route, &table);
  }
  route.main = table == RT_TABLE_MAIN;
  *ret_route = route;
  return TRUE;
}

static int take_route(const struct nlmsghdr *message, void *data)
{
  Observation *observation = data;
  NeoProxyRoute route;

  if (neo_proxy_parse_route(message, &route) && !is_own(observation, route.link))
    g_array_append_val(observation->host->routes, route);
  return MNL_CB_OK;
}

gboolean neo_proxy_parse_address(const struct nlmsghdr *message, NeoProxyHostAddress *ret_address)
{
  const struct ifaddrmsg *header = mnl_nlmsg_get_payload(message);
  gboolean local = FALSE;
  const struct nlattr *attr;

  if (mnl_nlmsg_get_payload_len(message) < sizeof *header)
    return FALSE;
  NeoProxyHostAddress entry = { .link = header->ifa_index };
  guint32 flags = header->ifa_flags;
  mnl_attr_for_each (attr, message, sizeof *header) {
    guint16 type = mnl_attr_get_type(attr), size = mnl_attr_get_payload_len(attr);
    /* On a point-to-point link IFA_ADDRESS is the peer, and IFA_LOCAL ours. */
    if (type == IFA_LOCAL || (type == IFA_ADDRESS && !local))
      neo_address_from_bytes(header->ifa_family, mnl_attr_get_payload(attr), size, &entry.address);
    local |= type == IFA_LOCAL;
    if (type == IFA_FLAGS && size == 4)
      flags = mnl_attr_get_u32(attr);
  }
  entry.lasting = header->ifa_scope == RT_SCOPE_UNIVERSE && !(flags & (IFA_F_TEMPORARY | IFA_F_DEPRECATED));
  *ret_address = entry;
  return TRUE;
}

static int take_address(const struct nlmsghdr *message, void *data)
{
  Observation *observation = data;
  NeoProxyHostAddress entry;

  if (neo_proxy_parse_address(message, &entry) && !is_own(observation, entry.link))
    g_array_append_val(observation->host->addresses, entry);
  return MNL_CB_OK;
}

static gboolean dump(NeoNetlink *netlink, guint16 type, gsize header_size, mnl_cb_t take, Observation *observation,
                     GError **error)
{
  static const guint8 families[] = { AF_INET, AF_INET6 };

  for (guint i = 0; i < G_N_ELEMENTS(families); i++) {
    char buffer[8192];
    gboolean interrupted = FALSE;
    struct nlmsghdr *message = neo_netlink_message(buffer, type, 0);
    /* The family is the first byte of both headers, rtmsg and ifaddrmsg. */
    *(guint8 *)mnl_nlmsg_put_extra_header(message, header_size) = families[i];
    if (!neo_netlink_dump(netlink, message, take, observation, &interrupted, error))
      return FALSE;
  }
  return TRUE;
}

NeoProxyHost *neo_proxy_host_observe(const char *own, const char *own_too, GError **error)
{
  g_autoptr(NeoProxyHost) host = neo_proxy_host_new();
  g_autoptr(NeoNetlink) netlink = neo_netlink_open(NETLINK_ROUTE, 0, error);
  Observation observation = { host, { if_nametoindex(own), if_nametoindex(own_too) } };

  if (!netlink || !dump(netlink, RTM_GETROUTE, sizeof(struct rtmsg), take_route, &observation, error) ||
      !dump(netlink, RTM_GETADDR, sizeof(struct ifaddrmsg), take_address, &observation, error))
    return NULL;
  return g_steal_pointer(&host);
}

guint neo_proxy_host_uplink(const NeoProxyHost *host, sa_family_t family)
{
  const NeoProxyRoute *best = NULL;

  for (guint i = 0; i < host->routes->len; i++) {
    const NeoProxyRoute *route = &g_array_index(host->routes, NeoProxyRoute, i);
    if (route->main && route->link && route->destination.length == 0 && route->destination.address.family == family &&
        (!best || route->metric < best->metric))
      best = route;
  }
  return best ? best->link : 0;
}

guint neo_proxy_host_link_of(const NeoProxyHost *host, const NeoAddress *address)
{
  for (guint i = 0; i < host->addresses->len; i++) {
    const NeoProxyHostAddress *entry = &g_array_index(host->addresses, NeoProxyHostAddress, i);
    if (neo_address_equal(&entry->address, address))
      return entry->link;
  }
  return 0;
}

GArray *neo_proxy_host_public(const NeoProxyHost *host)
{
  GArray *public = g_array_new(FALSE, FALSE, sizeof(NeoAddress));

  for (guint i = 0; i < host->addresses->len; i++) {
    const NeoProxyHostAddress *entry = &g_array_index(host->addresses, NeoProxyHostAddress, i);
    if (entry->lasting && entry->link == neo_proxy_host_uplink(host, entry->address.family))
      g_array_append_val(public, entry->address);
  }
  return public;
}

static gboolean overlap(const NeoPrefix *a, const NeoPrefix *b)
{
  return a->length <= b->length ? neo_prefix_contains(a, &b->address) : neo_prefix_contains(b, &a->address);
}

const NeoProxyRoute *neo_proxy_host_overlap(const NeoProxyHost *host, const NeoPrefix *prefix)
{
  for (guint i = 0; i < host->routes->len; i++) {
    const NeoProxyRoute *route = &g_array_index(host->routes, NeoProxyRoute, i);
    if (route->destination.length > 0 && overlap(&route->destination, prefix))
      return route;
  }
  return NULL;
}
