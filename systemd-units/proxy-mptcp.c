/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "systemd-units/proxy-mptcp.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/mptcp.h>

#include "common/netlink.h"
#include "common/sysctl.h"
#include "paths/probe.h"

typedef struct {
  NeoAddress address;
  guint8 id;
  guint32 flags;
} Endpoint;

typedef struct {
  NeoNetlink *netlink;
  guint16 family;
} Manager;

static void take_field(const struct nlattr *field, Endpoint *endpoint)
{
  guint16 type = mnl_attr_get_type(field);

  if (type == MPTCP_PM_ADDR_ATTR_ID)
    endpoint->id = mnl_attr_get_u8(field);
  else if (type == MPTCP_PM_ADDR_ATTR_FLAGS && mnl_attr_get_payload_len(field) == sizeof endpoint->flags)
    endpoint->flags = mnl_attr_get_u32(field);
  else if (type == MPTCP_PM_ADDR_ATTR_ADDR4)
    neo_address_from_bytes(AF_INET, mnl_attr_get_payload(field), mnl_attr_get_payload_len(field), &endpoint->address);
  else if (type == MPTCP_PM_ADDR_ATTR_ADDR6)
    neo_address_from_bytes(AF_INET6, mnl_attr_get_payload(field), mnl_attr_get_payload_len(field), &endpoint->address);
}

static int take_endpoint(const struct nlmsghdr *message, void *data)
{
  const struct nlattr *attr, *field;

  mnl_attr_for_each (attr, message, sizeof(struct genlmsghdr)) {
    Endpoint endpoint = { 0 };
    if (mnl_attr_get_type(attr) != MPTCP_PM_ATTR_ADDR)
      continue;
    mnl_attr_for_each_nested (field, attr)
      take_field(field, &endpoint);
    if (endpoint.address.family)
      g_array_append_val((GArray *)data, endpoint);
  }
  return MNL_CB_OK;
}

static GArray *list_endpoints(const Manager *manager, GError **error)
{
  g_autoptr(GArray) endpoints = g_array_new(FALSE, FALSE, sizeof(Endpoint));
  char buffer[8192];
  gboolean interrupted = FALSE;
  struct nlmsghdr *message = neo_netlink_genl_message(buffer, manager->family, MPTCP_PM_CMD_GET_ADDR, MPTCP_PM_VER, 0);

  if (!neo_netlink_dump(manager->netlink, message, take_endpoint, endpoints, &interrupted, error))
    return NULL;
  return g_steal_pointer(&endpoints);
}

static gboolean change_endpoint(const Manager *manager, guint8 command, const Endpoint *endpoint, int *ret_errno,
                                GError **error)
{
  char buffer[8192];
  struct nlmsghdr *message = neo_netlink_genl_message(buffer, manager->family, command, MPTCP_PM_VER, 0);
  struct nlattr *nest = mnl_attr_nest_start(message, MPTCP_PM_ATTR_ADDR);
  const NeoAddress *address = &endpoint->address;

  mnl_attr_put_u16(message, MPTCP_PM_ADDR_ATTR_FAMILY, address->family);
  mnl_attr_put(message, address->family == AF_INET ? MPTCP_PM_ADDR_ATTR_ADDR4 : MPTCP_PM_ADDR_ATTR_ADDR6,
               neo_address_size(address), address->bytes);
  if (endpoint->id)
    mnl_attr_put_u8(message, MPTCP_PM_ADDR_ATTR_ID, endpoint->id);
  else
    mnl_attr_put_u32(message, MPTCP_PM_ADDR_ATTR_FLAGS, endpoint->flags);
  mnl_attr_nest_end(message, nest);
  return neo_netlink_request(manager->netlink, message, ret_errno, error);
}

static gboolean set_limits(const Manager *manager, GError **error)
{
  char buffer[8192];
  struct nlmsghdr *message =
      neo_netlink_genl_message(buffer, manager->family, MPTCP_PM_CMD_SET_LIMITS, MPTCP_PM_VER, 0);

  mnl_attr_put_u32(message, MPTCP_PM_ATTR_SUBFLOWS, neo_probe_limit_max(manager->netlink, manager->family));
  /* The clients announce nothing that a server should join. */
  mnl_attr_put_u32(message, MPTCP_PM_ATTR_RCV_ADD_ADDRS, 0);
  return neo_netlink_request(manager->netlink, message, NULL, error);
}

/* A join to an address with the backup flag is answered with a request for backup priority (RFC 8684, 3.2). */
static guint32 relay_flags(const NeoProxyPlan *plan)
{
  return MPTCP_PM_ADDR_FLAG_SIGNAL | (plan->backup ? MPTCP_PM_ADDR_FLAG_BACKUP : 0);
}

static gboolean is_wanted(const NeoProxyPlan *plan, const Endpoint *endpoint)
{
  if (neo_proxy_mapping_find(plan->listen, &endpoint->address))
    return TRUE;
  return neo_proxy_mapping_find(plan->relays, &endpoint->address) && endpoint->flags == relay_flags(plan);
}

static gboolean has_endpoint(const NeoProxyPlan *plan, const GArray *endpoints, const NeoAddress *address)
{
  for (guint i = 0; i < endpoints->len; i++) {
    const Endpoint *endpoint = &g_array_index(endpoints, Endpoint, i);
    if (neo_address_equal(&endpoint->address, address) && is_wanted(plan, endpoint))
      return TRUE;
  }
  return FALSE;
}

static gboolean remove_others(const Manager *manager, const NeoProxyPlan *plan, const GArray *endpoints, GError **error)
{
  for (guint i = 0; i < endpoints->len; i++) {
    const Endpoint *endpoint = &g_array_index(endpoints, Endpoint, i);
    if (!is_wanted(plan, endpoint) && !change_endpoint(manager, MPTCP_PM_CMD_DEL_ADDR, endpoint, NULL, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean add_missing(const Manager *manager, const NeoProxyPlan *plan, gboolean relays, const GArray *endpoints,
                            GArray *left_out, GError **error)
{
  const GArray *mappings = relays ? plan->relays : plan->listen;

  for (guint i = 0; i < mappings->len; i++) {
    Endpoint endpoint = { .address = g_array_index(mappings, NeoProxyMapping, i).address,
                          .flags = relays ? relay_flags(plan) : MPTCP_PM_ADDR_FLAG_SIGNAL };
    g_autoptr(GError) why = NULL;
    int errnum;
    if (has_endpoint(plan, endpoints, &endpoint.address) ||
        change_endpoint(manager, MPTCP_PM_CMD_ADD_ADDR, &endpoint, &errnum, &why))
      continue;
    if (errnum != ERANGE) {
      g_propagate_error(error, g_steal_pointer(&why));
      return FALSE;
    }
    g_array_append_val(left_out, endpoint.address);
  }
  return TRUE;
}

gboolean neo_proxy_mptcp_set(const NeoProxyPlan *plan, GArray **ret_left_out, GError **error)
{
  g_autoptr(NeoNetlink) netlink = neo_netlink_open(NETLINK_GENERIC, 0, error);
  g_autoptr(GArray) left_out = g_array_new(FALSE, FALSE, sizeof(NeoAddress)), endpoints = NULL;
  Manager manager = { .netlink = netlink };

  if (!netlink || !neo_netlink_family(netlink, MPTCP_PM_NAME, &manager.family, NULL, NULL, error) ||
      !neo_sysctl_write("net/mptcp/enabled", "1", error) || !set_limits(&manager, error) ||
      !(endpoints = list_endpoints(&manager, error)) || !remove_others(&manager, plan, endpoints, error) ||
      !add_missing(&manager, plan, FALSE, endpoints, left_out, error) ||
      !add_missing(&manager, plan, TRUE, endpoints, left_out, error))
    return FALSE;
  *ret_left_out = g_steal_pointer(&left_out);
  return TRUE;
}
