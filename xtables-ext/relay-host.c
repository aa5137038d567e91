/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "xtables-ext/relay-host.h"

#include <gio/gio.h>
#include <ifaddrs.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>

#include "common/error.h"
#include "common/netlink.h"

static const NeoAddress *find_family(const GArray *addresses, sa_family_t family)
{
  for (guint i = 0; addresses && i < addresses->len; i++)
    if (g_array_index(addresses, NeoAddress, i).family == family)
      return &g_array_index(addresses, NeoAddress, i);
  return NULL;
}

static int compare_addresses(gconstpointer a, gconstpointer b)
{
  return memcmp(((const NeoAddress *)a)->bytes, ((const NeoAddress *)b)->bytes, 16);
}

static gboolean take_address(GArray *addresses, GInetAddress *found)
{
  NeoAddress address;
  sa_family_t family = g_inet_address_get_family(found) == G_SOCKET_FAMILY_IPV4 ? AF_INET : AF_INET6;

  if (!neo_address_from_bytes(family, g_inet_address_to_bytes(found), g_inet_address_get_native_size(found), &address))
    return FALSE;
  g_array_append_val(addresses, address);
  return TRUE;
}

/* Servers turn the order of their answers; the lowest of a family is the same at the next reload. */
static GArray *look_up(const char *name, GError **error)
{
  g_autoptr(GResolver) resolver = g_resolver_get_default();
  g_autoptr(GArray) addresses = g_array_new(FALSE, TRUE, sizeof(NeoAddress));
  NeoAddress numeric = { 0 };

  if (neo_address_parse(name, &numeric)) {
    g_array_append_val(addresses, numeric);
    return g_steal_pointer(&addresses);
  }
  GList *found = g_resolver_lookup_by_name(resolver, name, NULL, error);
  if (!found)
    return NULL;
  for (GList *one = found; one; one = one->next)
    take_address(addresses, one->data);
  g_resolver_free_addresses(found);
  g_array_sort(addresses, compare_addresses);
  return g_steal_pointer(&addresses);
}

typedef struct {
  NeoAddress source;
  guint32 interface;
  guchar type;
} Route;

static int take_route_attr(const struct nlattr *attr, void *data)
{
  Route *route = data;
  guint type = mnl_attr_get_type(attr);

  if (type == RTA_OIF && mnl_attr_validate(attr, MNL_TYPE_U32) >= 0)
    route->interface = mnl_attr_get_u32(attr);
  if (type == RTA_PREFSRC)
    neo_address_from_bytes(mnl_attr_get_payload_len(attr) == 4 ? AF_INET : AF_INET6, mnl_attr_get_payload(attr),
                           mnl_attr_get_payload_len(attr), &route->source);
  return MNL_CB_OK;
}

static int take_route(const struct nlmsghdr *message, void *data)
{
  const struct rtmsg *header = mnl_nlmsg_get_payload(message);
  Route *route = data;

  if (message->nlmsg_type != RTM_NEWROUTE)
    return MNL_CB_OK;
  route->type = header->rtm_type;
  return mnl_attr_parse(message, sizeof *header, take_route_attr, route);
}

/* The route that a packet to @to takes (RTM_GETROUTE, rtnetlink(7)). */
static gboolean route_to(NeoNetlink *netlink, const NeoAddress *to, Route *ret_route, GError **error)
{
  char buffer[8192];
  struct nlmsghdr *message = neo_netlink_message(buffer, RTM_GETROUTE, 0);
  struct rtmsg *header = mnl_nlmsg_put_extra_header(message, sizeof *header);

  *header = (struct rtmsg){ .rtm_family = to->family, .rtm_dst_len = neo_address_size(to) * 8 };
  mnl_attr_put(message, RTA_DST, neo_address_size(to), to->bytes);
  *ret_route = (Route){ 0 };
  if (neo_netlink_get(netlink, message, take_route, ret_route, error))
    return TRUE;
  g_autofree char *text = neo_address_to_string(to);
  g_prefix_error(error, "no route to the proxy %s: ", text);
  return FALSE;
}

static void add_interface(NeoRelaySide *side, const char *name)
{
  if (!g_ptr_array_find_with_equal_func(side->interfaces, name, g_str_equal, NULL))
    g_ptr_array_add(side->interfaces, g_strdup(name));
}

static gboolean holds(const struct ifaddrs *entry, const NeoAddress *address)
{
  NeoAddress own;
  guint16 port;

  return entry->ifa_addr && !(entry->ifa_flags & IFF_LOOPBACK) && entry->ifa_addr->sa_family == address->family &&
         neo_address_from_sockaddr(entry->ifa_addr, &own, &port) && neo_address_equal(&own, address);
}

/* An address that none of the interfaces has (on lo, or to come with a failover) is reached through the one that faces the proxy. */
static void add_listening_interfaces(NeoRelaySide *side)
{
  struct ifaddrs *entries = NULL;

  if (getifaddrs(&entries) < 0)
    return;
  for (const struct ifaddrs *entry = entries; entry; entry = entry->ifa_next)
    for (guint i = 0; i < side->listen->len; i++)
      if (holds(entry, &g_array_index(side->listen, NeoAddress, i)))
        add_interface(side, entry->ifa_name);
  freeifaddrs(entries);
}

static gboolean check_proxy(const char *path, const NeoAddress *proxy, const Route *route, GError **error)
{
  const char *problem = neo_relay_proxy_problem(proxy);
  g_autofree char *text = neo_address_to_string(proxy);

  if (!problem && route->type == RTN_LOCAL)
    problem = "an address of this host";
  if (!problem)
    return TRUE;
  g_set_error(error, NEO_ERROR, NEO_ERROR_CONFIG, "%s: Proxy: %s \"%s\"; expected the address of another host", path, problem, text);
  return FALSE;
}

static void fill_addresses(NeoRelaySide *side, const NeoRelayConfig *config, const Route *route)
{
  const NeoAddress *from = find_family(config->from, side->family);

  if (from)
    side->from = *from;
  for (guint i = 0; config->listen && i < config->listen->len; i++)
    if (g_array_index(config->listen, NeoAddress, i).family == side->family)
      g_array_append_val(side->listen, g_array_index(config->listen, NeoAddress, i));
  if (!config->listen && route->source.family)
    g_array_append_val(side->listen, route->source);
}

static NeoRelaySide *find_side(NeoNetlink *netlink, const NeoRelayConfig *config, const char *path, const NeoAddress *proxy, GError **error)
{
  g_autoptr(NeoRelaySide) side = neo_relay_side_new(proxy->family);
  char name[IF_NAMESIZE];
  Route route;

  if (!route_to(netlink, proxy, &route, error) || !check_proxy(path, proxy, &route, error))
    return NULL;
  side->proxy = *proxy;
  fill_addresses(side, config, &route);
  if (!side->listen->len || !if_indextoname(route.interface, name)) {
    g_set_error(error, NEO_ERROR, NEO_ERROR_SYSTEM, "the route to the proxy has no source address or interface");
    return NULL;
  }
  add_interface(side, name);
  add_listening_interfaces(side);
  return g_steal_pointer(&side);
}

GPtrArray *neo_relay_host_sides(const NeoRelayConfig *config, const char *path, GError **error)
{
  static const sa_family_t families[] = { AF_INET, AF_INET6 };
  g_autoptr(GPtrArray) sides = g_ptr_array_new_with_free_func((GDestroyNotify)neo_relay_side_free);
  g_autoptr(NeoNetlink) netlink = neo_netlink_open(NETLINK_ROUTE, 0, error);
  g_autoptr(GArray) proxies = netlink ? look_up(config->proxy, error) : NULL;
  g_autoptr(GError) why = NULL;

  if (!proxies)
    return NULL;
  for (guint i = 0; i < G_N_ELEMENTS(families); i++) {
    const NeoAddress *proxy = find_family(proxies, families[i]);
    if (!proxy || (config->listen && !find_family(config->listen, families[i])))
      continue;
    g_autoptr(GError) here = NULL;
    NeoRelaySide *side = find_side(netlink, config, path, proxy, &here);
    if (side)
      g_ptr_array_add(sides, side);
    else if (!why || g_error_matches(here, NEO_ERROR, NEO_ERROR_CONFIG)) {
      g_clear_error(&why);
      why = g_steal_pointer(&here);
    }
  }
  /* A family without a route is left out when the other has one, but a wrong address is an error in either. */
  if (sides->len && !g_error_matches(why, NEO_ERROR, NEO_ERROR_CONFIG))
    return g_steal_pointer(&sides);
  if (why)
    g_propagate_error(error, g_steal_pointer(&why));
  else
    g_set_error(error, NEO_ERROR, NEO_ERROR_CONFIG, "%s: Listen: no address of a family that Proxy \"%s\" has; expected one", path, config->proxy);
  return NULL;
}
