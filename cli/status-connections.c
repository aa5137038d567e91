/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/status-connections.h"

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

static gboolean contains(const GArray *addresses, const NeoAddress *address)
{
  for (guint i = 0; i < addresses->len; i++)
    if (neo_address_equal(&g_array_index(addresses, NeoAddress, i), address))
      return TRUE;
  return FALSE;
}

gboolean neo_routes_is_relay(const NeoRoutes *routes, const NeoAddress *remote, guint8 remote_id)
{
  if (contains(routes->direct, remote))
    return FALSE;
  return contains(routes->relays, remote) || remote_id != 0;
}

static guint hash_socket(gconstpointer key)
{
  const NeoSubflowSocket *socket = key;

  return neo_address_hash(&socket->local) * 31 + neo_address_hash(&socket->remote) + ((guint)socket->local_port << 16 | socket->remote_port);
}

static gboolean equal_sockets(gconstpointer a, gconstpointer b)
{
  const NeoSubflowSocket *x = a, *y = b;

  return x->local_port == y->local_port && x->remote_port == y->remote_port && neo_address_equal(&x->local, &y->local) &&
         neo_address_equal(&x->remote, &y->remote);
}

static double rate(guint64 now, guint64 before, gint64 us)
{
  return us > 0 && now >= before ? (now - before) * (double)G_USEC_PER_SEC / us : -1;
}

/* A subflow that was not there before has moved all that it has since then. */
static NeoTraffic traffic_of(const NeoSubflowSocket *socket, GHashTable *before, gint64 us)
{
  const NeoSubflowSocket *old = before ? g_hash_table_lookup(before, socket) : NULL;
  NeoTraffic traffic = { socket->bytes_in, socket->bytes_out, -1, -1 };

  if (!before)
    return traffic;
  traffic.rate_in = rate(socket->bytes_in, old ? old->bytes_in : 0, us);
  traffic.rate_out = rate(socket->bytes_out, old ? old->bytes_out : 0, us);
  return traffic;
}

GArray *neo_sockets_traffic(const NeoSockets *sockets, const NeoSockets *before)
{
  GArray *all = g_array_sized_new(FALSE, FALSE, sizeof(NeoTraffic), sockets->subflows->len);
  g_autoptr(GHashTable) old = before ? g_hash_table_new(hash_socket, equal_sockets) : NULL;

  for (guint i = 0; before && i < before->subflows->len; i++)
    g_hash_table_add(old, &g_array_index(before->subflows, NeoSubflowSocket, i));
  for (guint i = 0; i < sockets->subflows->len; i++) {
    NeoTraffic traffic = traffic_of(&g_array_index(sockets->subflows, NeoSubflowSocket, i), old, before ? sockets->taken_at - before->taken_at : 0);
    g_array_append_val(all, traffic);
  }
  return all;
}

typedef struct {
  NeoStatus *status;
  GHashTable *connections; /* token to NeoStatusConnection */
  GHashTable *interfaces;  /* NeoAddress * to char * */
  GHashTable *paths;       /* NeoAddress * to NeoStatusPath *, whose rtt_us holds the sum until the end */
  const NeoRoutes *routes;
} Builder;

static const char *name_of(const GArray *links, int index)
{
  for (guint i = 0; i < links->len; i++)
    if (g_array_index(links, NeoLink, i).index == index)
      return g_array_index(links, NeoLink, i).name;
  return "";
}

static void index_addresses(Builder *builder, const GArray *locals, const GArray *links)
{
  for (guint i = 0; i < locals->len; i++) {
    NeoLocal *local = &g_array_index(locals, NeoLocal, i);
    g_hash_table_insert(builder->interfaces, &local->address, (gpointer)name_of(links, local->link));
  }
  for (guint i = 0; i < builder->status->paths->len; i++) {
    NeoStatusPath *path = &g_array_index(builder->status->paths, NeoStatusPath, i);
    if (path->address.family)
      g_hash_table_insert(builder->paths, &path->address, path);
  }
}

static void take_connection(Builder *builder, const NeoMptcpSocket *socket)
{
  NeoStatusConnection *connection = neo_status_connection_new();

  connection->token = socket->token;
  connection->remote = socket->remote;
  connection->remote_port = socket->remote_port;
  connection->fallback = socket->fallback;
  g_ptr_array_add(builder->status->connections, connection);
  if (socket->token)
    g_hash_table_insert(builder->connections, GUINT_TO_POINTER(socket->token), connection);
}

static void count_for_path(Builder *builder, const NeoStatusSubflow *subflow)
{
  NeoStatusPath *path = g_hash_table_lookup(builder->paths, &subflow->local);

  if (!path || !subflow->up)
    return;
  neo_traffic_add(&path->traffic, &subflow->traffic);
  path->retransmits += subflow->retransmits;
  /* A mean that needs no second pass. */
  path->rtt_us = ((guint64)path->rtt_us * path->subflows + subflow->rtt_us) / (path->subflows + 1);
  path->subflows++;
}

/* The kernel lists no MPTCP connection for a socket that has become plain TCP at its beginning. */
static NeoStatusConnection *connection_of(Builder *builder, const NeoSubflowSocket *socket)
{
  NeoStatusConnection *connection = g_hash_table_lookup(builder->connections, GUINT_TO_POINTER(socket->token));

  if (connection || !socket->fallback)
    return connection;
  connection = neo_status_connection_new();
  connection->remote = socket->remote;
  connection->remote_port = socket->remote_port;
  connection->fallback = TRUE;
  g_ptr_array_add(builder->status->connections, connection);
  return connection;
}

static void take_subflow(Builder *builder, const NeoSubflowSocket *socket, const NeoTraffic *traffic)
{
  NeoStatusConnection *connection = connection_of(builder, socket);
  const char *interface = g_hash_table_lookup(builder->interfaces, &socket->local);
  NeoStatusSubflow subflow = {
    .local = socket->local, .remote = socket->remote, .local_port = socket->local_port, .remote_port = socket->remote_port,
    .relay = neo_routes_is_relay(builder->routes, &socket->remote, socket->remote_id),
    .backup = socket->backup, .up = socket->up, .rtt_us = socket->rtt_us, .retransmits = socket->retransmits, .traffic = *traffic,
  };

  g_strlcpy(subflow.interface, interface ? interface : "", sizeof subflow.interface);
  builder->status->subflows++;
  neo_traffic_add(&builder->status->traffic, traffic);
  count_for_path(builder, &subflow);
  if (!connection)
    return;
  neo_traffic_add(&connection->traffic, traffic);
  g_array_append_val(connection->subflows, subflow);
}

void neo_status_take_sockets(NeoStatus *status, const NeoSockets *sockets, const NeoSockets *before, const GArray *locals,
                             const GArray *links, const NeoRoutes *routes)
{
  g_autoptr(GHashTable) connections = g_hash_table_new(NULL, NULL);
  g_autoptr(GHashTable) interfaces = g_hash_table_new(neo_address_hash, neo_address_hash_equal);
  g_autoptr(GHashTable) paths = g_hash_table_new(neo_address_hash, neo_address_hash_equal);
  g_autoptr(GArray) traffic = neo_sockets_traffic(sockets, before);
  Builder builder = { status, connections, interfaces, paths, routes };

  index_addresses(&builder, locals, links);
  for (guint i = 0; i < sockets->connections->len; i++)
    take_connection(&builder, &g_array_index(sockets->connections, NeoMptcpSocket, i));
  for (guint i = 0; i < sockets->subflows->len; i++)
    take_subflow(&builder, &g_array_index(sockets->subflows, NeoSubflowSocket, i), &g_array_index(traffic, NeoTraffic, i));
}
