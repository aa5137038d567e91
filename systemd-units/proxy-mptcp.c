/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "systemd-units/proxy-mptcp.h"

#include <errno.h>
#include <linux/mptcp.h>

#include "common/mptcp.h"
#include "common/sysctl.h"
#include "paths/probe.h"
#include "systemd-units/proxy-drain.h"

/* After how long an announcement that was not echoed, as it may be lost, is sent again, up to three times. The kernel's two minutes are long for a
 * client that could use the relay; since Linux 6.18 they are no more than a limit (Documentation/networking/mptcp-sysctl.rst). */
#define REPEAT_S "1"

typedef struct {
  NeoNetlink *netlink;
  guint16 family;
} Manager;

static GArray *list_endpoints(const Manager *manager, GError **error)
{
  g_autoptr(GArray) endpoints = g_array_new(FALSE, FALSE, sizeof(NeoMptcpEndpoint));
  gboolean interrupted = FALSE;

  if (!neo_mptcp_list(manager->netlink, manager->family, endpoints, &interrupted, error))
    return NULL;
  return g_steal_pointer(&endpoints);
}

/* The clients announce nothing that a server should join. */
static gboolean set_limits(const Manager *manager, GError **error)
{
  NeoMptcpLimits limits = { .subflows = neo_probe_limit_max(manager->netlink, manager->family) };

  return neo_mptcp_set_limits(manager->netlink, manager->family, &limits, NULL, error);
}

/* A join to an address with the backup flag is answered with a request for backup priority (RFC 8684, 3.2). */
static guint32 relay_flags(const NeoProxyPlan *plan)
{
  return MPTCP_PM_ADDR_FLAG_SIGNAL | (plan->backup ? MPTCP_PM_ADDR_FLAG_BACKUP : 0);
}

static gboolean is_announced(const NeoProxyPlan *plan, const NeoMptcpEndpoint *endpoint)
{
  if (neo_proxy_mapping_find(plan->listen, &endpoint->address))
    return TRUE;
  return neo_proxy_mapping_find(plan->relays, &endpoint->address) && endpoint->flags == relay_flags(plan) &&
         !neo_proxy_plan_withholds(plan, &endpoint->address);
}

/* The kernel makes one for an address that was joined to, and gives it up for one that is announced. */
static gboolean is_implicit(const NeoProxyPlan *plan, const NeoMptcpEndpoint *endpoint)
{
  return endpoint->flags & MPTCP_PM_ADDR_FLAG_IMPLICIT && neo_proxy_mapping_find(plan->relays, &endpoint->address);
}

static gboolean has_endpoint(const NeoProxyPlan *plan, const GArray *endpoints, const NeoAddress *address)
{
  for (guint i = 0; i < endpoints->len; i++) {
    const NeoMptcpEndpoint *endpoint = &g_array_index(endpoints, NeoMptcpEndpoint, i);
    if (neo_address_equal(&endpoint->address, address) && is_announced(plan, endpoint))
      return TRUE;
  }
  return FALSE;
}

static gboolean remove_others(const Manager *manager, const NeoProxyPlan *plan, const GArray *endpoints, GError **error)
{
  for (guint i = 0; i < endpoints->len; i++) {
    const NeoMptcpEndpoint *endpoint = &g_array_index(endpoints, NeoMptcpEndpoint, i);
    if (!is_announced(plan, endpoint) && !is_implicit(plan, endpoint) &&
        !neo_mptcp_remove(manager->netlink, manager->family, endpoint, NULL, error))
      return FALSE;
  }
  return TRUE;
}

static void say_left_out(const char *name, const NeoAddress *address)
{
  g_autofree char *text = neo_address_to_string(address);

  g_log_structured(G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "MESSAGE",
                   "%s: the kernel takes no more MPTCP endpoints; only neo-pathd@%s.service announces it", text, name);
}

static gboolean add_missing(const Manager *manager, const NeoProxyPlan *plan, gboolean relays, const GArray *endpoints,
                            GError **error)
{
  const GArray *mappings = relays ? plan->relays : plan->listen;

  for (guint i = 0; i < mappings->len; i++) {
    NeoMptcpEndpoint endpoint = { .address = g_array_index(mappings, NeoProxyMapping, i).address,
                                  .flags = relays ? relay_flags(plan) : MPTCP_PM_ADDR_FLAG_SIGNAL };
    g_autoptr(GError) why = NULL;
    int errnum;
    if (!is_announced(plan, &endpoint) || has_endpoint(plan, endpoints, &endpoint.address) ||
        neo_mptcp_add(manager->netlink, manager->family, &endpoint, &errnum, &why))
      continue;
    if (errnum != ERANGE) {
      g_propagate_error(error, g_steal_pointer(&why));
      return FALSE;
    }
    say_left_out(plan->name, &endpoint.address);
  }
  return TRUE;
}

gboolean neo_proxy_mptcp_withdraw(const NeoProxyPlan *plan, GError **error)
{
  g_autoptr(NeoNetlink) netlink = neo_netlink_open(NETLINK_GENERIC, 0, error);
  Manager manager = { .netlink = netlink };
  g_autoptr(GArray) endpoints = NULL;

  if (!netlink || !neo_netlink_family(netlink, MPTCP_PM_NAME, &manager.family, NULL, NULL, error) ||
      !(endpoints = list_endpoints(&manager, error)))
    return FALSE;
  neo_proxy_drain(netlink, manager.family, plan, endpoints);
  return remove_others(&manager, plan, endpoints, error);
}

gboolean neo_proxy_mptcp_announce(const NeoProxyPlan *plan, NeoNetlink *generic, GError **error)
{
  Manager manager = { .netlink = generic };
  g_autoptr(GArray) endpoints = NULL;

  return neo_netlink_family(generic, MPTCP_PM_NAME, &manager.family, NULL, NULL, error) &&
         (endpoints = list_endpoints(&manager, error)) && remove_others(&manager, plan, endpoints, error) &&
         add_missing(&manager, plan, FALSE, endpoints, error) && add_missing(&manager, plan, TRUE, endpoints, error);
}

gboolean neo_proxy_mptcp_set(const NeoProxyPlan *plan, GError **error)
{
  g_autoptr(NeoNetlink) netlink = neo_netlink_open(NETLINK_GENERIC, 0, error);
  Manager manager = { .netlink = netlink };

  return netlink && neo_netlink_family(netlink, MPTCP_PM_NAME, &manager.family, NULL, NULL, error) &&
         neo_sysctl_write("net/mptcp/enabled", "1", error) &&
         neo_sysctl_write("net/mptcp/add_addr_timeout", REPEAT_S, error) && set_limits(&manager, error) &&
         neo_proxy_mptcp_announce(plan, netlink, error);
}
