/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/prometheus.h"

#include <math.h>
#include <string.h>

#include "cli/exposition.h"

/* NAME(item) is the member of an item of that type. */
#define READER(NAME, TYPE, MEMBER)                                                                                     \
  static double NAME(gconstpointer item)                                                                               \
  {                                                                                                                    \
    return ((const TYPE *)item)->MEMBER;                                                                               \
  }

static double known(gint64 count)
{
  return count < 0 ? NAN : count;
}

static void add_all(GString *text, const NeoMetric *metrics, guint n, const GArray *series)
{
  for (guint i = 0; i < n; i++)
    neo_exposition_add(text, &metrics[i], series);
}

/* A state that a series is about, and whether it is the one of now. */
typedef struct {
  gboolean now;
} State;

static double is_now(gconstpointer item)
{
  return ((const State *)item)->now;
}

READER(mptcp_on, NeoStatus, mptcp)
READER(subflows_all, NeoStatus, subflows)
READER(unseen, NeoStatus, unseen->len)
READER(complaints, NeoStatus, complaints->len)

static double count_connections(const NeoStatus *status, gboolean fallback)
{
  guint count = 0;

  for (guint i = 0; i < status->connections->len; i++)
    count += ((const NeoStatusConnection *)status->connections->pdata[i])->fallback == fallback;
  return count;
}

static double connections(gconstpointer item)
{
  return count_connections(item, FALSE);
}

static double fallen(gconstpointer item)
{
  return count_connections(item, TRUE);
}

static const NeoMetric host_metrics[] = {
  { "neo_mptcp_enabled", "Whether MPTCP is on (net.mptcp.enabled).", FALSE, mptcp_on },
  { "neo_mptcp_connections", "MPTCP connections that are open.", FALSE, connections },
  { "neo_mptcp_fallback_connections", "Open connections that have become plain TCP.", FALSE, fallen },
  { "neo_mptcp_subflows", "Subflows that are open.", FALSE, subflows_all },
  { "neo_status_complaints", "What keeps paths from working, as neo status says it.", FALSE, complaints },
  { "neo_status_unseen", "What could not be seen; series about it are missing.", FALSE, unseen },
};

static void add_host(GString *text, const NeoStatus *status)
{
  static const State yes = { TRUE };
  static const NeoMetric role = { "neo_role", "The roles of this host.", FALSE, is_now };
  g_autoptr(GArray) host = neo_series_new(), roles = neo_series_new();
  const struct {
    gboolean has;
    const char *name;
  } all[] = {
    { status->gateway, "gateway" },
    { status->relays->len > 0, "relay" },
    { status->proxies->len > 0, "proxy" },
    { status->racers->len > 0, "racer" },
  };

  for (guint i = 0; i < G_N_ELEMENTS(all); i++)
    if (all[i].has)
      neo_series_add(roles, neo_exposition_labels("role", all[i].name, NULL), &yes);
  neo_series_add(host, g_strdup(""), status);
  neo_exposition_add(text, &role, roles);
  add_all(text, host_metrics, G_N_ELEMENTS(host_metrics), host);
}

static double counter_of(gconstpointer item)
{
  return *(const guint64 *)item;
}

static void add_counter(GArray *series, GHashTable *counters, const char *name, const char *label, const char *value)
{
  const guint64 *counter = g_hash_table_lookup(counters, name);

  if (counter)
    neo_series_add(series, neo_exposition_labels(label, value, NULL), counter);
}

/* Which names the kernel has depends on its version (net/mptcp/mib.c of Linux). */
static void add_counters(GString *text, const char *netstat)
{
  static const NeoMetric fallbacks = { "neo_mptcp_fallbacks_total",
                                       "Connections that became plain TCP, by the kernel's counter.", TRUE,
                                       counter_of };
  static const NeoMetric joins = { "neo_mptcp_joins_total",
                                   "Subflows that joined a connection, made by this host or accepted.", TRUE,
                                   counter_of };
  g_autoptr(GHashTable) counters = neo_netstat_parse(netstat);
  g_autoptr(GArray) fallen_back = neo_series_new(), joined = neo_series_new();
  g_autoptr(GList) names = g_list_sort(g_hash_table_get_keys(counters), (GCompareFunc)strcmp);

  for (GList *name = names; name; name = name->next)
    if (strstr(name->data, "Fallback") && !g_str_equal(name->data, "FallbackFailed"))
      add_counter(fallen_back, counters, name->data, "counter", name->data);
  add_counter(joined, counters, "MPJoinSynAckRx", "direction", "made");
  add_counter(joined, counters, "MPJoinAckRx", "direction", "accepted");
  neo_exposition_add(text, &fallbacks, fallen_back);
  neo_exposition_add(text, &joins, joined);
}

static double path_lease(gconstpointer item)
{
  const NeoStatusPath *path = item;

  return path->address.family && path->lease != G_MAXUINT32 ? path->lease : NAN;
}

READER(path_subflows, NeoStatusPath, subflows)
READER(path_in, NeoStatusPath, traffic.in)
READER(path_out, NeoStatusPath, traffic.out)
READER(path_retransmits, NeoStatusPath, retransmits)

static double path_rtt(gconstpointer item)
{
  guint32 us = ((const NeoStatusPath *)item)->rtt_us;

  return us ? us / 1e6 : NAN;
}

static const NeoMetric path_metrics[] = {
  { "neo_path_lease_seconds", "Time until the address ends unless its lease is renewed.", FALSE, path_lease },
  { "neo_path_subflows", "Open subflows of the path.", FALSE, path_subflows },
  { "neo_path_received_bytes", "Received by the subflows that are open now.", FALSE, path_in },
  { "neo_path_sent_bytes", "Acknowledged to the subflows that are open now.", FALSE, path_out },
  { "neo_path_retransmitted_segments", "Sent again by the subflows that are open now.", FALSE, path_retransmits },
  { "neo_path_rtt_seconds", "Mean of the smoothed round trip times of the open subflows.", FALSE, path_rtt },
};

/* Each state has a series, so that one that ends is seen to end (as node_exporter's systemd collector does). */
static void add_path_states(GArray *series, const NeoStatusPath *path, const char *address)
{
  static const char *const states[] = { "up", "down", "no address", "no table", "no rule", "no endpoint" };
  static const State yes = { TRUE }, no = { FALSE };

  for (guint i = 0; i < G_N_ELEMENTS(states); i++)
    neo_series_add(series,
                   neo_exposition_labels("device", path->interface, "address", address, "state", states[i], NULL),
                   g_str_equal(path->state, states[i]) ? &yes : &no);
}

static void add_paths(GString *text, const NeoStatus *status)
{
  static const NeoMetric state = { "neo_path_state", "Whether the path is in this state.", FALSE, is_now };
  g_autoptr(GArray) paths = neo_series_new(), states = neo_series_new();

  for (guint i = 0; i < status->paths->len; i++) {
    const NeoStatusPath *path = &g_array_index(status->paths, NeoStatusPath, i);
    g_autofree char *address = path->address.family ? neo_address_to_string(&path->address) : NULL;
    neo_series_add(paths, neo_exposition_labels("device", path->interface, "address", address, NULL), path);
    add_path_states(states, path, address);
  }
  neo_exposition_add(text, &state, states);
  add_all(text, path_metrics, G_N_ELEMENTS(path_metrics), paths);
}

static double is_active(const char *state)
{
  return state ? g_str_equal(state, "active") : NAN;
}

static double relay_active(gconstpointer item)
{
  return is_active(((const NeoStatusRelay *)item)->service);
}

static double relay_rules(gconstpointer item)
{
  return known(((const NeoStatusRelay *)item)->rules);
}

static double relay_flows(gconstpointer item)
{
  return known(((const NeoStatusRelay *)item)->flows);
}

static double relay_bytes(gconstpointer item)
{
  return known(((const NeoStatusRelay *)item)->bytes);
}

static double relay_packets(gconstpointer item)
{
  return known(((const NeoStatusRelay *)item)->packets);
}

static double relay_limited(gconstpointer item)
{
  return known(((const NeoStatusRelay *)item)->limited);
}

static double relay_refused(gconstpointer item)
{
  return known(((const NeoStatusRelay *)item)->refused);
}

static const NeoMetric relay_metrics[] = {
  { "neo_relay_active", "Whether the unit that loads the relay is active.", FALSE, relay_active },
  { "neo_relay_rules", "Rules of the relay that stand in the kernel.", FALSE, relay_rules },
  { "neo_relay_flows", "Connections through the relay that are open.", FALSE, relay_flows },
  { "neo_relay_forwarded_bytes_total", "Forwarded in both directions since the rules were loaded.", TRUE, relay_bytes },
  { "neo_relay_forwarded_packets_total", "Forwarded in both directions since the rules were loaded.", TRUE,
    relay_packets },
  { "neo_relay_limited_packets_total", "SYNs that SynRate= has dropped or ConnLimit= refused since the rules were loaded.",
    TRUE, relay_limited },
  { "neo_relay_refused_packets_total", "SYNs that ConnLimit= has refused since the rules were loaded.", TRUE,
    relay_refused },
};

static void add_relays(GString *text, const NeoStatus *status)
{
  g_autoptr(GArray) relays = neo_series_new();

  for (guint i = 0; i < status->relays->len; i++) {
    const NeoStatusRelay *relay = status->relays->pdata[i];
    neo_series_add(relays, neo_exposition_labels("relay", relay->name, NULL), relay);
  }
  add_all(text, relay_metrics, G_N_ELEMENTS(relay_metrics), relays);
}

READER(proxy_up, NeoStatusProxy, up)
static double proxy_active(gconstpointer item)
{
  return is_active(((const NeoStatusProxy *)item)->service_state);
}

static double proxy_connections(gconstpointer item)
{
  const NeoStatusProxy *proxy = item;

  return proxy->seen ? proxy->connections : NAN;
}

static const NeoMetric proxy_metrics[] = {
  { "neo_proxy_up", "Whether the namespace of the proxy is there.", FALSE, proxy_up },
  { "neo_proxy_service_active", "Whether the service in the namespace is active.", FALSE, proxy_active },
  { "neo_proxy_connections", "MPTCP connections of clients that are open.", FALSE, proxy_connections },
};

READER(announced_stands, NeoStatusAnnounced, announced)
READER(announced_subflows, NeoStatusAnnounced, subflows)
READER(announced_in, NeoStatusAnnounced, traffic.in)
READER(announced_out, NeoStatusAnnounced, traffic.out)

static const NeoMetric announced_metrics[] = {
  { "neo_proxy_announced", "Whether the address is announced: of a relay, or of the proxy itself.", FALSE,
    announced_stands },
  { "neo_proxy_subflows", "Open subflows that came in at the address.", FALSE, announced_subflows },
  { "neo_proxy_received_bytes", "Received by these subflows.", FALSE, announced_in },
  { "neo_proxy_sent_bytes", "Acknowledged to these subflows.", FALSE, announced_out },
};

static void add_proxies(GString *text, const NeoStatus *status)
{
  g_autoptr(GArray) proxies = neo_series_new(), addresses = neo_series_new();

  for (guint i = 0; i < status->proxies->len; i++) {
    const NeoStatusProxy *proxy = status->proxies->pdata[i];
    neo_series_add(proxies, neo_exposition_labels("proxy", proxy->name, NULL), proxy);
    for (guint k = 0; proxy->seen && k < proxy->announced->len; k++) {
      const NeoStatusAnnounced *announced = &g_array_index(proxy->announced, NeoStatusAnnounced, k);
      g_autofree char *address = neo_address_to_string(&announced->address);
      neo_series_add(addresses,
                     neo_exposition_labels("proxy", proxy->name, "address", address, "via",
                                           announced->relay ? "relay" : "direct", NULL),
                     announced);
    }
  }
  add_all(text, proxy_metrics, G_N_ELEMENTS(proxy_metrics), proxies);
  add_all(text, announced_metrics, G_N_ELEMENTS(announced_metrics), addresses);
}

READER(racer_running, NeoStatusRacer, running)
static double racer_listening(gconstpointer item)
{
  return is_active(((const NeoStatusRacer *)item)->socket_state);
}

static double racer_open(gconstpointer item)
{
  const NeoStatusRacer *racer = item;

  return racer->running ? racer->open : NAN;
}

static double racer_failed(gconstpointer item)
{
  const NeoStatusRacer *racer = item;

  return racer->running ? racer->failed : NAN;
}

READER(racer_won, NeoStatusWins, won)

static double racer_connect(gconstpointer item)
{
  guint32 us = ((const NeoStatusWins *)item)->connect_us;

  return us ? us / 1e6 : NAN;
}

static const NeoMetric endpoint_metrics[] = {
  { "neo_racer_wins_total", "Races that the endpoint won.", TRUE, racer_won },
  { "neo_racer_connect_seconds", "How long it took to connect to the endpoint when it last did.", FALSE,
    racer_connect },
};

static const NeoMetric racer_metrics[] = {
  { "neo_racer_listening", "Whether the socket of the racer is active.", FALSE, racer_listening },
  { "neo_racer_running", "Whether the service of the racer runs; it starts with the first connection.", FALSE,
    racer_running },
  { "neo_racer_open_connections", "Connections that the racer relays.", FALSE, racer_open },
  { "neo_racer_failures_total", "Races that no endpoint won.", TRUE, racer_failed },
};

static void add_racers(GString *text, const NeoStatus *status)
{
  g_autoptr(GArray) racers = neo_series_new(), endpoints = neo_series_new();

  for (guint i = 0; i < status->racers->len; i++) {
    const NeoStatusRacer *racer = status->racers->pdata[i];
    neo_series_add(racers, neo_exposition_labels("racer", racer->name, NULL), racer);
    for (guint k = 0; racer->running && k < racer->wins->len; k++) {
      const NeoStatusWins *wins = &g_array_index(racer->wins, NeoStatusWins, k);
      neo_series_add(endpoints, neo_exposition_labels("racer", racer->name, "endpoint", wins->endpoint, NULL), wins);
    }
  }
  add_all(text, racer_metrics, G_N_ELEMENTS(racer_metrics), racers);
  add_all(text, endpoint_metrics, G_N_ELEMENTS(endpoint_metrics), endpoints);
}

char *neo_status_to_prometheus(const NeoStatus *status, const char *netstat)
{
  GString *text = g_string_new(NULL);

  add_host(text, status);
  if (netstat)
    add_counters(text, netstat);
  add_paths(text, status);
  add_relays(text, status);
  add_proxies(text, status);
  add_racers(text, status);
  return g_string_free(text, FALSE);
}
