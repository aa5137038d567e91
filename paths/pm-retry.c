/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "paths/pm-retry.h"

#define MAX_WAIT_S 60

/* A pair of addresses over which a subflow failed. */
typedef struct {
  NeoAddress local, remote;
  guint wait_s;      /* 1, 2, 4 ... 60 */
  gint64 not_before; /* monotonic microseconds */
} Retry;

static guint add_to_hash(guint hash, const NeoAddress *address)
{
  for (gsize i = 0; i < neo_address_size(address); i++)
    hash = hash * 33 + address->bytes[i];
  return hash;
}

static guint hash_retry(gconstpointer data)
{
  const Retry *retry = data;
  return add_to_hash(add_to_hash(5381, &retry->local), &retry->remote);
}

static gboolean is_same_pair(gconstpointer a, gconstpointer b)
{
  const Retry *x = a, *y = b;
  return neo_address_equal(&x->local, &y->local) && neo_address_equal(&x->remote, &y->remote);
}

GHashTable *neo_pm_retries_new(void)
{
  return g_hash_table_new_full(hash_retry, is_same_pair, NULL, g_free);
}

static Retry *find(const NeoPmConnection *connection, const NeoAddress *local, const NeoAddress *remote)
{
  Retry key = { *local, *remote, 0, 0 };
  return g_hash_table_lookup(connection->retries, &key);
}

static void drop_first(GHashTable *retries)
{
  GHashTableIter iter;
  gpointer value;
  Retry *first = NULL;

  g_hash_table_iter_init(&iter, retries);
  while (g_hash_table_iter_next(&iter, NULL, &value))
    if (!first || ((Retry *)value)->not_before < first->not_before)
      first = value;
  g_hash_table_remove(retries, first);
}

static Retry *add(GHashTable *retries, const NeoAddress *local, const NeoAddress *remote)
{
  Retry *retry = g_new0(Retry, 1);

  if (g_hash_table_size(retries) >= NEO_PM_MAX_FAILED)
    drop_first(retries);
  *retry = (Retry){ *local, *remote, 0, 0 };
  g_hash_table_add(retries, retry);
  return retry;
}

void neo_pm_connection_failed(NeoPmConnection *connection, const NeoAddress *local, const NeoAddress *remote, gint64 now)
{
  Retry *retry = find(connection, local, remote);

  if (!retry)
    retry = add(connection->retries, local, remote);
  retry->wait_s = CLAMP(retry->wait_s * 2, 1, MAX_WAIT_S);
  retry->not_before = now + retry->wait_s * G_USEC_PER_SEC;
}

static gboolean is_from(gpointer key, gpointer value, gpointer local)
{
  return neo_address_equal(&((const Retry *)value)->local, local);
}

void neo_pm_connection_forgive(NeoPmConnection *connection, const NeoAddress *local)
{
  NeoAddress from = *local;
  g_hash_table_foreach_remove(connection->retries, is_from, &from);
}

gboolean neo_pm_connection_waits(const NeoPmConnection *connection, const NeoAddress *local, const NeoAddress *remote, gint64 now)
{
  const Retry *retry = find(connection, local, remote);
  return retry && now < retry->not_before;
}

guint neo_pm_connection_joins_left(const NeoPmConnection *connection, gint64 now)
{
  gint64 used = (MAX(connection->joins_free_at - now, 0) + NEO_PM_JOIN_INTERVAL - 1) / NEO_PM_JOIN_INTERVAL;
  return NEO_PM_JOIN_BURST - MIN(used, NEO_PM_JOIN_BURST);
}

void neo_pm_connection_spend_join(NeoPmConnection *connection, gint64 now)
{
  connection->joins_free_at = MAX(connection->joins_free_at, now) + NEO_PM_JOIN_INTERVAL;
}

gint64 neo_pm_connection_next_try(const NeoPmConnection *connection, gint64 now)
{
  gint64 next = G_MAXINT64;
  GHashTableIter iter;
  gpointer value;

  if (!neo_pm_connection_joins_left(connection, now))
    next = connection->joins_free_at - (NEO_PM_JOIN_BURST - 1) * NEO_PM_JOIN_INTERVAL;
  g_hash_table_iter_init(&iter, connection->retries);
  while (g_hash_table_iter_next(&iter, NULL, &value)) {
    gint64 at = ((const Retry *)value)->not_before;
    if (at > now)
      next = MIN(next, at);
  }
  return next;
}
