/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/status-model.h"

#include <stdarg.h>
#include <string.h>

static void free_connection(gpointer data)
{
  NeoStatusConnection *connection = data;

  g_array_unref(connection->subflows);
  g_free(connection);
}

static void free_relay(gpointer data)
{
  NeoStatusRelay *relay = data;

  g_free(relay->name);
  g_free(relay->unit);
  g_free(relay->service);
  g_free(relay->proxy);
  g_free(relay->listen);
  g_free(relay);
}

static void free_proxy(gpointer data)
{
  NeoStatusProxy *proxy = data;

  g_free(proxy->name);
  g_free(proxy->service);
  g_free(proxy->netns_state);
  g_free(proxy->service_state);
  g_array_unref(proxy->announced);
  g_free(proxy);
}

static void clear_wins(gpointer data)
{
  g_free(((NeoStatusWins *)data)->endpoint);
}

static void free_racer(gpointer data)
{
  NeoStatusRacer *racer = data;

  g_free(racer->name);
  g_free(racer->socket_state);
  g_free(racer->service_state);
  g_array_unref(racer->wins);
  g_free(racer);
}

NeoStatus *neo_status_new(void)
{
  NeoStatus *status = g_new0(NeoStatus, 1);

  *status = (NeoStatus){
    .paths = g_array_new(FALSE, FALSE, sizeof(NeoStatusPath)),
    .ways = g_array_new(FALSE, FALSE, sizeof(NeoStatusWay)),
    .connections = g_ptr_array_new_with_free_func(free_connection),
    .relays = g_ptr_array_new_with_free_func(free_relay),
    .proxies = g_ptr_array_new_with_free_func(free_proxy),
    .racers = g_ptr_array_new_with_free_func(free_racer),
    .complaints = g_ptr_array_new_with_free_func(g_free),
    .unseen = g_ptr_array_new_with_free_func(g_free),
    .traffic = NEO_TRAFFIC_NONE,
  };
  return status;
}

void neo_status_free(NeoStatus *status)
{
  if (!status)
    return;
  g_array_unref(status->paths);
  g_array_unref(status->ways);
  g_ptr_array_unref(status->connections);
  g_ptr_array_unref(status->relays);
  g_ptr_array_unref(status->proxies);
  g_ptr_array_unref(status->racers);
  g_ptr_array_unref(status->complaints);
  g_ptr_array_unref(status->unseen);
  g_free(status);
}

NeoStatusConnection *neo_status_connection_new(void)
{
  NeoStatusConnection *connection = g_new0(NeoStatusConnection, 1);

  connection->subflows = g_array_new(FALSE, FALSE, sizeof(NeoStatusSubflow));
  connection->traffic = NEO_TRAFFIC_NONE;
  return connection;
}

NeoStatusRelay *neo_status_relay_new(const char *name)
{
  NeoStatusRelay *relay = g_new0(NeoStatusRelay, 1);

  *relay = (NeoStatusRelay){ .name = g_strdup(name), .rules = -1, .flows = -1, .bytes = -1, .packets = -1, .rate = -1, .limited = -1,
                              .refused = -1 };
  return relay;
}

NeoStatusProxy *neo_status_proxy_new(const char *name)
{
  NeoStatusProxy *proxy = g_new0(NeoStatusProxy, 1);

  proxy->name = g_strdup(name);
  proxy->announced = g_array_new(FALSE, FALSE, sizeof(NeoStatusAnnounced));
  return proxy;
}

NeoStatusRacer *neo_status_racer_new(const char *name)
{
  NeoStatusRacer *racer = g_new0(NeoStatusRacer, 1);

  racer->name = g_strdup(name);
  racer->wins = g_array_new(FALSE, FALSE, sizeof(NeoStatusWins));
  g_array_set_clear_func(racer->wins, clear_wins);
  return racer;
}

static void add_rate(double *sum, double part)
{
  if (part >= 0)
    *sum = MAX(*sum, 0) + part;
}

void neo_traffic_add(NeoTraffic *sum, const NeoTraffic *part)
{
  sum->in += part->in;
  sum->out += part->out;
  add_rate(&sum->rate_in, part->rate_in);
  add_rate(&sum->rate_out, part->rate_out);
}

void neo_status_unseen(NeoStatus *status, const char *format, ...)
{
  va_list args;

  va_start(args, format);
  g_autofree char *text = g_strdup_vprintf(format, args);
  va_end(args);
  if (!g_ptr_array_find_with_equal_func(status->unseen, text, g_str_equal, NULL))
    g_ptr_array_add(status->unseen, g_steal_pointer(&text));
}

static int compare(gconstpointer a, gconstpointer b)
{
  const NeoStatusConnection *first = *(NeoStatusConnection *const *)a, *second = *(NeoStatusConnection *const *)b;
  const NeoTraffic *x = &first->traffic, *y = &second->traffic;
  double rates[] = { x->rate_in + x->rate_out, y->rate_in + y->rate_out };
  guint64 bytes[] = { x->in + x->out, y->in + y->out };

  if (first->brief != second->brief)
    return first->brief - second->brief;
  if (rates[0] > rates[1] || rates[0] < rates[1])
    return rates[0] > rates[1] ? -1 : 1;
  return (bytes[0] < bytes[1]) - (bytes[0] > bytes[1]);
}

/* What a subflow or a way goes between. */
typedef struct {
  const char *interface;
  gboolean relay;
  const NeoAddress *remote;
} Place;

/* IPv4 before IPv6; not by what is behind an IPv4 address in the structure, or between its members. */
static int compare_addresses(const NeoAddress *x, const NeoAddress *y)
{
  return x->family != y->family ? x->family - y->family : memcmp(x->bytes, y->bytes, neo_address_size(x));
}

/* neo10 comes after neo9, a relay after the direct way. */
static int compare_places(Place x, Place y)
{
  int by_name = strverscmp(x.interface, y.interface);

  if (by_name)
    return by_name;
  return x.relay != y.relay ? x.relay - y.relay : compare_addresses(x.remote, y.remote);
}

static int compare_ways(gconstpointer a, gconstpointer b)
{
  const NeoStatusWay *x = a, *y = b;

  return compare_places((Place){ x->interface, x->relay, &x->remote }, (Place){ y->interface, y->relay, &y->remote });
}

static int compare_subflows(gconstpointer a, gconstpointer b)
{
  const NeoStatusSubflow *x = a, *y = b;
  int by_place = compare_places((Place){ x->interface, x->relay, &x->remote }, (Place){ y->interface, y->relay, &y->remote });

  return by_place ? by_place : x->local_port - y->local_port;
}

void neo_status_sort(NeoStatus *status)
{
  g_array_sort(status->ways, compare_ways);
  for (guint i = 0; i < status->connections->len; i++)
    g_array_sort(((NeoStatusConnection *)status->connections->pdata[i])->subflows, compare_subflows);
  g_ptr_array_sort(status->connections, compare);
}
