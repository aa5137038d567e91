/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/status-connections.h"

#include <string.h>

#include "cli/address-key.h"

NeoRoutes *neo_routes_new(void)
{
  NeoRoutes *routes = g_new(NeoRoutes, 1);

  *routes = (NeoRoutes){ g_array_new(FALSE, FALSE, sizeof(NeoAddress)), g_array_new(FALSE, FALSE, sizeof(NeoAddress)) };
  return routes;
}

void neo_routes_free(NeoRoutes *routes)
{
  if (!routes)
    return;
  g_array_unref(routes->direct);
  g_array_unref(routes->relays);
  g_free(routes);
}

gboolean neo_routes_is_relay(const NeoRoutes *routes, const NeoAddress *remote, guint8 remote_id)
{
  if (neo_address_is_in(routes->direct, remote))
    return FALSE;
  return neo_address_is_in(routes->relays, remote) || remote_id != 0;
}

typedef struct {
  guint64 cookie, in, out;
} Moved;

struct NeoMoved {
  gint64 at;
  GHashTable *subflows; /* Moved, by its cookie */
};

NeoMoved *neo_moved_new(gint64 at)
{
  NeoMoved *moved = g_new(NeoMoved, 1);

  *moved = (NeoMoved){ at, g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL) };
  return moved;
}

void neo_moved_free(NeoMoved *moved)
{
  if (!moved)
    return;
  g_hash_table_unref(moved->subflows);
  g_free(moved);
}

void neo_moved_note(NeoMoved *moved, const NeoSubflowSocket *socket)
{
  g_hash_table_add(moved->subflows, g_memdup2(&(Moved){ socket->cookie, socket->bytes_in, socket->bytes_out }, sizeof(Moved)));
}

static double rate(guint64 now, guint64 before, gint64 us)
{
  return us > 0 && now >= before ? (now - before) * (double)G_USEC_PER_SEC / us : -1;
}

/* A subflow that was not there before has moved all that it has since then. */
NeoTraffic neo_moved_traffic(const NeoMoved *before, const NeoSubflowSocket *socket, gint64 at)
{
  NeoTraffic traffic = { socket->bytes_in, socket->bytes_out, -1, -1 };

  if (!before)
    return traffic;
  const Moved *old = g_hash_table_lookup(before->subflows, &socket->cookie);
  traffic.rate_in = rate(socket->bytes_in, old ? old->in : 0, at - before->at);
  traffic.rate_out = rate(socket->bytes_out, old ? old->out : 0, at - before->at);
  return traffic;
}

/* What an address of this host belongs to. */
typedef struct {
  NeoAddress address;
  const char *interface;
  NeoStatusPath *path; /* NULL: none */
} Local;

struct NeoTally {
  NeoStatus *status;
  NeoTallyView view;
  GHashTable *connections; /* token to NeoStatusConnection */
  GHashTable *locals;      /* Local, by its address */
  GHashTable *ways;        /* Way */
  GArray *ranks;           /* Rank of each connection, for as long as the kernel says all */
  gboolean ranked;         /* no more connections come */
};

typedef struct {
  NeoStatusConnection *connection;
  guint64 bytes;
} Rank;

/* One of the status's ways, by where it leads. */
typedef struct {
  const char *interface;
  NeoAddress remote;
  gboolean relay;
  guint index;
} Way;

static guint hash_way(gconstpointer key)
{
  const Way *way = key;

  return neo_address_hash(&way->remote) * 31 + g_direct_hash(way->interface) + way->relay;
}

/* The name is that of a link, so the same place is the same name. */
static gboolean equal_ways(gconstpointer a, gconstpointer b)
{
  const Way *x = a, *y = b;

  return x->interface == y->interface && x->relay == y->relay && neo_address_equal(&x->remote, &y->remote);
}

static const char *name_of(const GArray *links, int index)
{
  for (guint i = 0; i < links->len; i++)
    if (g_array_index(links, NeoLink, i).index == index)
      return g_array_index(links, NeoLink, i).name;
  return "";
}

static void index_addresses(NeoTally *tally)
{
  for (guint i = 0; i < tally->view.locals->len; i++) {
    const NeoLocal *local = &g_array_index(tally->view.locals, NeoLocal, i);
    Local known = { local->address, name_of(tally->view.links, local->link), NULL };
    g_hash_table_add(tally->locals, g_memdup2(&known, sizeof known));
  }
  for (guint i = 0; i < tally->status->paths->len; i++) {
    NeoStatusPath *path = &g_array_index(tally->status->paths, NeoStatusPath, i);
    Local *known = g_hash_table_lookup(tally->locals, &path->address);
    if (known)
      known->path = path;
  }
}

NeoTally *neo_tally_new(NeoStatus *status, const NeoTallyView *view)
{
  NeoTally *tally = g_new0(NeoTally, 1);

  G_STATIC_ASSERT(G_STRUCT_OFFSET(Local, address) == 0);
  *tally = (NeoTally){
    .status = status, .view = *view, .connections = g_hash_table_new(NULL, NULL),
    .locals = g_hash_table_new_full(neo_address_hash, neo_address_hash_equal, g_free, NULL),
    .ways = g_hash_table_new_full(hash_way, equal_ways, g_free, NULL),
    .ranks = view->detailed ? g_array_new(FALSE, FALSE, sizeof(Rank)) : NULL,
  };
  index_addresses(tally);
  return tally;
}

void neo_tally_free(NeoTally *tally)
{
  if (!tally)
    return;
  g_hash_table_unref(tally->connections);
  g_hash_table_unref(tally->locals);
  g_hash_table_unref(tally->ways);
  g_clear_pointer(&tally->ranks, g_array_unref);
  g_free(tally);
}

static NeoStatusConnection *add_connection(NeoTally *tally, const NeoAddress *remote, guint16 remote_port, gboolean fallback)
{
  NeoStatusConnection *connection = neo_status_connection_new();

  connection->remote = *remote;
  connection->remote_port = remote_port;
  connection->fallback = fallback;
  g_ptr_array_add(tally->status->connections, connection);
  return connection;
}

void neo_tally_connection(const NeoMptcpSocket *socket, gpointer data)
{
  NeoTally *tally = data;
  NeoStatusConnection *connection = add_connection(tally, &socket->remote, socket->remote_port, socket->fallback);
  Rank rank = { connection, socket->bytes };

  connection->token = socket->token;
  if (socket->token)
    g_hash_table_insert(tally->connections, GUINT_TO_POINTER(socket->token), connection);
  else
    neo_status_unseen(tally->status, "which subflow belongs to which connection: needs root");
  if (!socket->counted)
    g_clear_pointer(&tally->ranks, g_array_unref);
  if (tally->ranks)
    g_array_append_val(tally->ranks, rank);
}

static int compare_ranks(gconstpointer a, gconstpointer b)
{
  guint64 x = ((const Rank *)a)->bytes, y = ((const Rank *)b)->bytes;

  return (x < y) - (x > y);
}

static void rank_connections(NeoTally *tally)
{
  tally->ranked = TRUE;
  if (!tally->ranks)
    return;
  g_array_sort(tally->ranks, compare_ranks);
  for (guint i = tally->view.detailed; i < tally->ranks->len; i++)
    g_array_index(tally->ranks, Rank, i).connection->brief = TRUE;
}

/* A mean that needs no second pass: @n values were in it before. */
static void add_to_mean(guint32 *mean, guint n, guint32 value)
{
  *mean = ((guint64)*mean * n + value) / (n + 1);
}

static void count_for_path(NeoStatusPath *path, const NeoStatusSubflow *subflow)
{
  neo_traffic_add(&path->traffic, &subflow->traffic);
  path->retransmits += subflow->retransmits;
  add_to_mean(&path->rtt_us, path->subflows++, subflow->rtt_us);
}

static NeoStatusWay *way_of(NeoTally *tally, const Local *local, const NeoStatusSubflow *subflow)
{
  GArray *ways = tally->status->ways;
  Way key = { local->interface, subflow->remote, subflow->relay, ways->len };
  const Way *known = g_hash_table_lookup(tally->ways, &key);

  if (known)
    return &g_array_index(ways, NeoStatusWay, known->index);
  NeoStatusWay way = { .remote = subflow->remote, .relay = subflow->relay, .traffic = NEO_TRAFFIC_NONE };
  memcpy(way.interface, subflow->interface, sizeof way.interface);
  g_array_append_val(ways, way);
  g_hash_table_add(tally->ways, g_memdup2(&key, sizeof key));
  return &g_array_index(ways, NeoStatusWay, key.index);
}

static void count_for_way(NeoStatusWay *way, const NeoStatusSubflow *subflow)
{
  neo_traffic_add(&way->traffic, &subflow->traffic);
  way->retransmits += subflow->retransmits;
  if (subflow->up)
    add_to_mean(&way->rtt_us, way->joined++, subflow->rtt_us);
  else
    way->joining++;
}

/* The kernel lists no MPTCP connection for a socket that has become plain TCP at its beginning. */
static NeoStatusConnection *connection_of(NeoTally *tally, const NeoSubflowSocket *socket)
{
  NeoStatusConnection *connection = g_hash_table_lookup(tally->connections, GUINT_TO_POINTER(socket->token));

  return connection || !socket->fallback ? connection : add_connection(tally, &socket->remote, socket->remote_port, TRUE);
}

static void count_for_connection(NeoStatusConnection *connection, const NeoStatusSubflow *subflow)
{
  neo_traffic_add(&connection->traffic, &subflow->traffic);
  if (!connection->brief)
    g_array_append_vals(connection->subflows, subflow, 1);
}

void neo_tally_subflow(const NeoSubflowSocket *socket, gpointer data)
{
  NeoTally *tally = data;
  const Local *local = g_hash_table_lookup(tally->locals, &socket->local);
  NeoStatusSubflow subflow = {
    .local = socket->local, .remote = socket->remote, .local_port = socket->local_port, .remote_port = socket->remote_port,
    .relay = neo_routes_is_relay(tally->view.routes, &socket->remote, socket->remote_id),
    .backup = socket->backup, .up = socket->up, .rtt_us = socket->rtt_us, .retransmits = socket->retransmits,
    .traffic = neo_moved_traffic(tally->view.before, socket, tally->view.at),
  };

  if (!tally->ranked)
    rank_connections(tally);
  if (tally->view.now)
    neo_moved_note(tally->view.now, socket);
  if (local)
    g_strlcpy(subflow.interface, local->interface, sizeof subflow.interface);
  tally->status->subflows++;
  neo_traffic_add(&tally->status->traffic, &subflow.traffic);
  if (local && local->path && subflow.up)
    count_for_path(local->path, &subflow);
  /* A server has a remote address for each client. */
  if (local && tally->status->gateway)
    count_for_way(way_of(tally, local, &subflow), &subflow);
  NeoStatusConnection *connection = connection_of(tally, socket);
  if (connection)
    count_for_connection(connection, &subflow);
}
