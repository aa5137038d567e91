/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/json.h"
#include "cli/status-render.h"

static void put_address(GString *json, const char *key, const NeoAddress *address)
{
  g_autofree char *text = address->family ? neo_address_to_string(address) : NULL;

  neo_json_string(json, key, text);
}

/* A counter that could not be seen is null. */
static void put_count(GString *json, const char *key, gint64 count)
{
  if (count < 0)
    neo_json_string(json, key, NULL);
  else
    neo_json_uint(json, key, count);
}

static void put_traffic(GString *json, const NeoTraffic *traffic)
{
  neo_json_uint(json, "bytes_in", traffic->in);
  neo_json_uint(json, "bytes_out", traffic->out);
  neo_json_real(json, "rate_in", traffic->rate_in);
  neo_json_real(json, "rate_out", traffic->rate_out);
}

static void put_rtt(GString *json, guint32 us)
{
  neo_json_real(json, "rtt_ms", us ? us / 1000.0 : -1);
}

static void put_path(GString *json, const NeoStatusPath *path)
{
  neo_json_open(json, NULL, '{');
  neo_json_string(json, "interface", path->interface);
  put_address(json, "address", &path->address);
  put_count(json, "lease_s", path->address.family && path->lease != G_MAXUINT32 ? (gint64)path->lease : -1);
  put_count(json, "table", path->table ? (gint64)path->table : -1);
  neo_json_bool(json, "rule", path->rule);
  put_count(json, "mptcp_endpoint", path->mptcp_endpoint);
  neo_json_string(json, "state", path->state);
  neo_json_uint(json, "subflows", path->subflows);
  put_rtt(json, path->rtt_us);
  neo_json_uint(json, "retransmits", path->retransmits);
  put_traffic(json, &path->traffic);
  neo_json_close(json, '{');
}

static void put_subflow(GString *json, const NeoStatusSubflow *subflow)
{
  neo_json_open(json, NULL, '{');
  neo_json_string(json, "interface", *subflow->interface ? subflow->interface : NULL);
  put_address(json, "local", &subflow->local);
  neo_json_uint(json, "local_port", subflow->local_port);
  put_address(json, "remote", &subflow->remote);
  neo_json_uint(json, "remote_port", subflow->remote_port);
  neo_json_string(json, "via", subflow->relay ? "relay" : "direct");
  neo_json_bool(json, "backup", subflow->backup);
  neo_json_bool(json, "established", subflow->up);
  put_rtt(json, subflow->rtt_us);
  neo_json_uint(json, "retransmits", subflow->retransmits);
  put_traffic(json, &subflow->traffic);
  neo_json_close(json, '{');
}

static void put_way(GString *json, const NeoStatusWay *way)
{
  neo_json_open(json, NULL, '{');
  neo_json_string(json, "interface", way->interface);
  put_address(json, "remote", &way->remote);
  neo_json_string(json, "via", way->relay ? "relay" : "direct");
  neo_json_uint(json, "subflows", way->joined);
  neo_json_uint(json, "joining", way->joining);
  put_rtt(json, way->rtt_us);
  neo_json_uint(json, "retransmits", way->retransmits);
  put_traffic(json, &way->traffic);
  neo_json_close(json, '{');
}

static void put_connection(GString *json, gconstpointer item)
{
  const NeoStatusConnection *connection = item;

  neo_json_open(json, NULL, '{');
  put_count(json, "token", connection->token ? (gint64)connection->token : -1);
  put_address(json, "remote", &connection->remote);
  neo_json_uint(json, "remote_port", connection->remote_port);
  neo_json_bool(json, "fallback", connection->fallback);
  put_traffic(json, &connection->traffic);
  neo_json_open(json, "subflows", '[');
  for (guint i = 0; i < connection->subflows->len; i++)
    put_subflow(json, &g_array_index(connection->subflows, NeoStatusSubflow, i));
  neo_json_close(json, '[');
  neo_json_close(json, '{');
}

static void put_relay(GString *json, gconstpointer item)
{
  const NeoStatusRelay *relay = item;

  neo_json_open(json, NULL, '{');
  neo_json_string(json, "name", relay->name);
  neo_json_string(json, "service", relay->service);
  neo_json_string(json, "listen", relay->listen);
  neo_json_string(json, "proxy", relay->proxy);
  put_count(json, "rules", relay->rules);
  put_count(json, "flows", relay->flows);
  put_count(json, "bytes", relay->bytes);
  put_count(json, "packets", relay->packets);
  put_count(json, "limited", relay->limited);
  put_count(json, "refused", relay->refused);
  neo_json_real(json, "rate", relay->rate);
  neo_json_close(json, '{');
}

static void put_announced(GString *json, const NeoStatusAnnounced *announced)
{
  neo_json_open(json, NULL, '{');
  put_address(json, "address", &announced->address);
  neo_json_string(json, "via", announced->relay ? "relay" : "direct");
  neo_json_bool(json, "announced", announced->announced);
  neo_json_uint(json, "subflows", announced->subflows);
  put_traffic(json, &announced->traffic);
  neo_json_close(json, '{');
}

static void put_proxy(GString *json, gconstpointer item)
{
  const NeoStatusProxy *proxy = item;

  neo_json_open(json, NULL, '{');
  neo_json_string(json, "name", proxy->name);
  neo_json_string(json, "service", proxy->service);
  neo_json_string(json, "service_state", proxy->service_state);
  neo_json_string(json, "netns_state", proxy->netns_state);
  neo_json_bool(json, "up", proxy->up);
  put_count(json, "connections", proxy->seen ? (gint64)proxy->connections : -1);
  neo_json_open(json, "addresses", '[');
  for (guint i = 0; proxy->seen && i < proxy->announced->len; i++)
    put_announced(json, &g_array_index(proxy->announced, NeoStatusAnnounced, i));
  neo_json_close(json, '[');
  neo_json_close(json, '{');
}

static void put_racer(GString *json, gconstpointer item)
{
  const NeoStatusRacer *racer = item;

  neo_json_open(json, NULL, '{');
  neo_json_string(json, "name", racer->name);
  neo_json_string(json, "socket_state", racer->socket_state);
  neo_json_string(json, "service_state", racer->service_state);
  put_count(json, "open", racer->running ? (gint64)racer->open : -1);
  put_count(json, "failed", racer->running ? (gint64)racer->failed : -1);
  neo_json_open(json, "endpoints", '[');
  for (guint i = 0; i < racer->wins->len; i++) {
    const NeoStatusWins *win = &g_array_index(racer->wins, NeoStatusWins, i);
    neo_json_open(json, NULL, '{');
    neo_json_string(json, "endpoint", win->endpoint);
    put_count(json, "won", racer->running ? (gint64)win->won : -1);
    neo_json_real(json, "last_connect_ms", win->connect_us ? win->connect_us / 1000.0 : -1);
    neo_json_close(json, '{');
  }
  neo_json_close(json, '[');
  neo_json_close(json, '{');
}

static void put_strings(GString *json, const char *key, const GPtrArray *strings)
{
  neo_json_open(json, key, '[');
  for (guint i = 0; i < strings->len; i++)
    neo_json_string(json, NULL, strings->pdata[i]);
  neo_json_close(json, '[');
}

static void put_roles(GString *json, const NeoStatus *status)
{
  neo_json_open(json, "roles", '[');
  if (status->gateway)
    neo_json_string(json, NULL, "gateway");
  if (status->relays->len)
    neo_json_string(json, NULL, "relay");
  if (status->proxies->len)
    neo_json_string(json, NULL, "proxy");
  if (status->racers->len)
    neo_json_string(json, NULL, "racer");
  neo_json_close(json, '[');
}

static void put_all(GString *json, const char *key, const GPtrArray *items, void (*put)(GString *json, gconstpointer item))
{
  neo_json_open(json, key, '[');
  for (guint i = 0; i < items->len; i++)
    put(json, items->pdata[i]);
  neo_json_close(json, '[');
}

char *neo_status_to_json(const NeoStatus *status)
{
  GString *json = g_string_new(NULL);

  g_string_append_c(json, '{');
  put_roles(json, status);
  neo_json_bool(json, "mptcp", status->mptcp);
  neo_json_string(json, "path_manager", status->userspace ? "userspace" : "kernel");
  neo_json_uint(json, "subflows", status->subflows);
  put_traffic(json, &status->traffic);
  neo_json_open(json, "paths", '[');
  for (guint i = 0; i < status->paths->len; i++)
    put_path(json, &g_array_index(status->paths, NeoStatusPath, i));
  neo_json_close(json, '[');
  neo_json_open(json, "ways", '[');
  for (guint i = 0; i < status->ways->len; i++)
    put_way(json, &g_array_index(status->ways, NeoStatusWay, i));
  neo_json_close(json, '[');
  put_all(json, "connections", status->connections, put_connection);
  put_all(json, "relays", status->relays, put_relay);
  put_all(json, "proxies", status->proxies, put_proxy);
  put_all(json, "racers", status->racers, put_racer);
  put_strings(json, "complaints", status->complaints);
  put_strings(json, "unseen", status->unseen);
  g_string_append(json, "}\n");
  return g_string_free(json, FALSE);
}
