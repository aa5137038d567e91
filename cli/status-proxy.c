/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <linux/mptcp.h>

#include "cli/status-parts.h"
#include "common/mptcp.h"
#include "systemd-units/proxy-config.h"
#include "systemd-units/proxy-namespace.h"
#include "systemd-units/proxy-state.h"

/* Sockets that were made inside a namespace stay there. */
typedef struct {
  NeoNetlink *generic, *diag;
} Inside;

static void inside_clear(Inside *inside)
{
  neo_netlink_free(inside->generic);
  neo_netlink_free(inside->diag);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Inside, inside_clear)

static gboolean look_inside(const char *name, Inside *ret_inside, GError **error)
{
  int home;

  if (!neo_proxy_namespace_enter(name, &home, error))
    return FALSE;
  ret_inside->generic = neo_netlink_open(NETLINK_GENERIC, 0, error);
  ret_inside->diag = ret_inside->generic ? neo_netlink_open(NETLINK_SOCK_DIAG, 0, error) : NULL;
  neo_proxy_namespace_leave(home);
  return ret_inside->diag != NULL;
}

static void add_announced(NeoStatusProxy *proxy, const GArray *mappings, gboolean relay)
{
  for (guint i = 0; i < mappings->len; i++) {
    NeoStatusAnnounced announced = { .address = g_array_index(mappings, NeoProxyMapping, i).address, .relay = relay, .traffic = NEO_TRAFFIC_NONE };
    g_array_append_val(proxy->announced, announced);
  }
}

static NeoStatusAnnounced *find(NeoStatusProxy *proxy, const NeoAddress *address)
{
  for (guint i = 0; i < proxy->announced->len; i++) {
    NeoStatusAnnounced *announced = &g_array_index(proxy->announced, NeoStatusAnnounced, i);
    if (neo_address_equal(&announced->address, address))
      return announced;
  }
  return NULL;
}

static gboolean take_endpoints(NeoStatusProxy *proxy, NeoNetlink *generic, GError **error)
{
  g_autoptr(GArray) endpoints = g_array_new(FALSE, FALSE, sizeof(NeoMptcpEndpoint));
  gboolean interrupted;
  guint16 family;

  if (!neo_netlink_family(generic, MPTCP_PM_NAME, &family, NULL, NULL, error) ||
      !neo_mptcp_list(generic, family, endpoints, &interrupted, error))
    return FALSE;
  for (guint i = 0; i < endpoints->len; i++) {
    NeoStatusAnnounced *announced = find(proxy, &g_array_index(endpoints, NeoMptcpEndpoint, i).address);
    if (announced)
      announced->announced = TRUE;
  }
  return TRUE;
}

static void take_connection(const NeoMptcpSocket *socket, gpointer data)
{
  ((NeoStatusProxy *)data)->connections += !socket->fallback;
}

static void take_subflow(const NeoSubflowSocket *socket, gpointer data)
{
  NeoStatusAnnounced *announced = find(data, &socket->local);
  NeoTraffic traffic = { socket->bytes_in, socket->bytes_out, -1, -1 };

  if (!announced || !socket->up)
    return;
  announced->subflows++;
  neo_traffic_add(&announced->traffic, &traffic);
}

static void take_inside(NeoStatus *status, NeoStatusProxy *proxy)
{
  g_auto(Inside) inside = { 0 };
  g_autoptr(GError) error = NULL;

  proxy->seen = look_inside(proxy->name, &inside, &error) && take_endpoints(proxy, inside.generic, &error) &&
                neo_sockets_each(inside.diag, take_connection, take_subflow, proxy, &error);
  if (!proxy->seen)
    neo_status_unseen(status, "inside the namespace of proxy %s: %s", proxy->name, error->message);
}

static void take_units(NeoStatusProxy *proxy, const NeoUnits *units)
{
  g_autofree char *path = g_strdup_printf(NEO_CONFDIR "/proxy/%s.conf", proxy->name);
  g_autofree char *unit = g_strdup_printf("neo-netns@%s.service", proxy->name);
  g_autoptr(NeoProxyConfig) config = neo_proxy_config_load(path, NULL, &proxy->service, NULL);

  if (config)
    proxy->service = g_strdup(config->service);
  if (!units)
    return;
  proxy->netns_state = neo_units_state(units, unit);
  if (!proxy->service)
    return;
  const char *patterns[] = { proxy->service, NULL };
  g_autoptr(NeoUnits) hosted = neo_units_list(patterns, NULL);
  proxy->service_state = hosted ? neo_units_state(hosted, proxy->service) : NULL;
}

void neo_status_collect_proxies(NeoStatus *status, const NeoUnits *units)
{
  g_autoptr(GPtrArray) names = neo_status_names(NEO_CONFDIR "/proxy", "neo-netns", units);

  for (guint i = 0; i < names->len; i++) {
    if (!neo_proxy_name_valid(names->pdata[i]))
      continue;
    NeoStatusProxy *proxy = neo_status_proxy_new(names->pdata[i]);
    g_autoptr(NeoProxyPlan) plan = neo_proxy_state_load(proxy->name);
    take_units(proxy, units);
    proxy->up = neo_proxy_namespace_exists(proxy->name);
    if (plan) {
      add_announced(proxy, plan->listen, FALSE);
      add_announced(proxy, plan->relays, TRUE);
    }
    if (proxy->up)
      take_inside(status, proxy);
    g_ptr_array_add(status->proxies, proxy);
  }
}
