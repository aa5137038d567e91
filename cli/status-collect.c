/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/status-collect.h"

#include <string.h>

#include "cli/status-parts.h"
#include "common/sysctl.h"

struct NeoCollector {
  NeoPathsConf conf;
  NeoKernel *kernel;
  NeoNetlink *diag;
  NeoMoved *before;     /* NULL: none yet */
  guint detailed;       /* 0: subflows of all connections are listed, and noted for the next look */
  GHashTable *forwarded; /* relay's name to RelayBefore */
};

typedef struct {
  gint64 bytes, at;
} RelayBefore;

NeoCollector *neo_collector_new(GError **error)
{
  g_autoptr(NeoCollector) collector = g_new0(NeoCollector, 1);

  collector->forwarded = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  if (!neo_paths_conf_load(NEO_CONFDIR "/paths.conf", &collector->conf, error))
    return NULL;
  collector->kernel = neo_kernel_open(error);
  collector->diag = collector->kernel ? neo_netlink_open(NETLINK_SOCK_DIAG, 0, error) : NULL;
  return collector->diag ? g_steal_pointer(&collector) : NULL;
}

void neo_collector_free(NeoCollector *collector)
{
  if (!collector)
    return;
  neo_kernel_free(collector->kernel);
  neo_netlink_free(collector->diag);
  neo_moved_free(collector->before);
  g_hash_table_unref(collector->forwarded);
  g_free(collector);
}

static int compare_names(gconstpointer a, gconstpointer b)
{
  return g_strcmp0(*(char *const *)a, *(char *const *)b);
}

GPtrArray *neo_status_names(const char *directory, const char *prefix, const NeoUnits *units)
{
  g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr(GDir) files = g_dir_open(directory, 0, NULL);
  GPtrArray *sorted = g_ptr_array_new_with_free_func(g_free);
  GHashTableIter iter;
  gpointer name;

  for (const char *file = files ? g_dir_read_name(files) : NULL; file; file = g_dir_read_name(files))
    if (g_str_has_suffix(file, ".conf") && *file != '.')
      g_hash_table_add(names, g_strndup(file, strlen(file) - strlen(".conf")));
  if (units)
    neo_units_instances(units, prefix, names);
  g_hash_table_iter_init(&iter, names);
  while (g_hash_table_iter_next(&iter, &name, NULL))
    g_ptr_array_add(sorted, g_strdup(name));
  g_ptr_array_sort(sorted, compare_names);
  return sorted;
}

static void note(const NeoSubflowSocket *socket, gpointer data)
{
  neo_moved_note(data, socket);
}

void neo_collector_prime(NeoCollector *collector)
{
  g_autoptr(NeoMoved) moved = neo_moved_new(g_get_monotonic_time());

  g_clear_pointer(&collector->before, neo_moved_free);
  if (neo_sockets_each(collector->diag, NULL, note, moved, NULL))
    collector->before = g_steal_pointer(&moved);
}

void neo_collector_once(NeoCollector *collector, guint detailed)
{
  collector->detailed = detailed;
}

static void take_connections(NeoCollector *collector, NeoStatus *status, const NeoObserved *seen, const NeoRoutes *routes)
{
  g_autoptr(GError) error = NULL;
  gint64 at = g_get_monotonic_time();
  g_autoptr(NeoMoved) now = collector->detailed ? NULL : neo_moved_new(at);
  g_autoptr(NeoTally) tally = neo_tally_new(status, &(NeoTallyView){
    .locals = seen->locals, .links = seen->links, .routes = routes, .before = collector->before, .now = now, .at = at, .detailed = collector->detailed,
  });

  if (!neo_sockets_each(collector->diag, neo_tally_connection, neo_tally_subflow, tally, &error))
    neo_status_unseen(status, "connections: %s", error->message);
  neo_moved_free(collector->before);
  collector->before = g_steal_pointer(&now);
}

static void take_relay_rates(NeoCollector *collector, NeoStatus *status)
{
  gint64 now = g_get_monotonic_time();

  for (guint i = 0; i < status->relays->len; i++) {
    NeoStatusRelay *relay = status->relays->pdata[i];
    RelayBefore *before = g_hash_table_lookup(collector->forwarded, relay->name);
    if (before && relay->bytes >= before->bytes && now > before->at)
      relay->rate = (relay->bytes - before->bytes) * (double)G_USEC_PER_SEC / (now - before->at);
    if (relay->bytes >= 0)
      g_hash_table_insert(collector->forwarded, g_strdup(relay->name), g_memdup2(&(RelayBefore){ relay->bytes, now }, sizeof *before));
  }
}

static gboolean mptcp_is_on(void)
{
  g_autofree char *value = neo_sysctl_read("net/mptcp/enabled", NULL);

  return value && g_str_has_prefix(value, "1");
}

NeoStatus *neo_collector_take(NeoCollector *collector, GError **error)
{
  static const char *const patterns[] = { "neo-*", NULL };
  g_autoptr(NeoStatus) status = neo_status_new();
  g_autoptr(NeoRoutes) routes = neo_routes_new();
  g_autoptr(GError) no_systemd = NULL;
  g_autoptr(NeoGatewayView) view = neo_gateway_view(collector->kernel, &collector->conf, error);

  if (!view)
    return NULL;
  status->mptcp = mptcp_is_on();
  neo_status_take_paths(status, view);
  if (!view->mptcp_seen && status->mptcp)
    neo_status_unseen(status, "MPTCP endpoints and limits: needs root");
  g_autoptr(NeoUnits) units = neo_units_list(patterns, &no_systemd);
  if (!units)
    neo_status_unseen(status, "units: %s", no_systemd->message);
  neo_status_collect_racers(status, units, routes);
  take_connections(collector, status, view->seen, routes);
  neo_status_collect_relays(status, units);
  take_relay_rates(collector, status);
  neo_status_collect_proxies(status, units);
  neo_status_sort(status);
  return g_steal_pointer(&status);
}
