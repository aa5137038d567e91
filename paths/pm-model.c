/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "paths/pm-model.h"

#include "paths/pm-retry.h"

/* A subflow that lived for this long was good: what ends it later is a new trouble. */
#define GOOD_US (10 * G_USEC_PER_SEC)

static void connection_free(gpointer data)
{
  NeoPmConnection *connection = data;

  g_array_unref(connection->remotes);
  g_array_unref(connection->subflows);
  g_hash_table_unref(connection->retries);
  g_array_unref(connection->ids);
  g_array_unref(connection->announced);
  g_free(connection);
}

NeoPmModel *neo_pm_model_new(void)
{
  NeoPmModel *model = g_new0(NeoPmModel, 1);

  /* The key is the token in the value. */
  model->connections = g_hash_table_new_full(g_int_hash, g_int_equal, NULL, connection_free);
  return model;
}

void neo_pm_model_free(NeoPmModel *model)
{
  if (!model)
    return;
  g_hash_table_unref(model->connections);
  g_free(model);
}

NeoPmConnection *neo_pm_model_find(const NeoPmModel *model, guint32 token)
{
  gint key = token;
  return g_hash_table_lookup(model->connections, &key);
}

static NeoPmConnection *add_connection(NeoPmModel *model, guint32 token)
{
  NeoPmConnection *connection = g_new0(NeoPmConnection, 1);

  *connection = (NeoPmConnection){
    .token = token,
    .remotes = g_array_new(FALSE, FALSE, sizeof(NeoPmRemote)),
    .subflows = g_array_new(FALSE, FALSE, sizeof(NeoPmSubflow)),
    .retries = neo_pm_retries_new(),
    .ids = g_array_new(FALSE, FALSE, sizeof(NeoPmId)),
    .announced = g_array_new(FALSE, FALSE, sizeof(NeoPmRemote)),
  };
  g_hash_table_replace(model->connections, &connection->token, connection);
  return connection;
}

gboolean neo_pm_subflow_leads_to(const NeoPmSubflow *subflow, const NeoPmRemote *remote)
{
  return subflow->remote_port == remote->port && neo_address_equal(&subflow->remote, &remote->address);
}

static gboolean same_pair(const NeoPmSubflow *a, const NeoPmSubflow *b)
{
  return a->remote_port == b->remote_port && neo_address_equal(&a->local, &b->local) && neo_address_equal(&a->remote, &b->remote);
}

/* The subflow of the connection that @subflow is about: the same ports, or else a join that has no local port yet. */
static NeoPmSubflow *find_subflow(const NeoPmConnection *connection, const NeoPmSubflow *subflow, guint *ret_index)
{
  NeoPmSubflow *joining = NULL;

  for (guint i = 0; i < connection->subflows->len; i++) {
    NeoPmSubflow *known = &g_array_index(connection->subflows, NeoPmSubflow, i);
    if (!same_pair(known, subflow) || (known->local_port != 0 && known->local_port != subflow->local_port))
      continue;
    *ret_index = i;
    if (known->local_port)
      return known;
    joining = known;
  }
  return joining;
}

static void remember_id(NeoPmConnection *connection, const NeoAddress *address, guint8 id)
{
  NeoPmId entry = { *address, id };

  for (guint i = 0; i < connection->ids->len; i++) {
    NeoPmId *known = &g_array_index(connection->ids, NeoPmId, i);
    if (neo_address_equal(&known->address, address)) {
      known->id = id;
      return;
    }
  }
  if (connection->ids->len <= G_MAXUINT8)
    g_array_append_val(connection->ids, entry);
}

static void put_subflow(NeoPmConnection *connection, const NeoPmSubflow *subflow)
{
  guint index = 0;
  NeoPmSubflow *known = find_subflow(connection, subflow, &index);
  gboolean backup = known && known->backup;

  if (known && known->up == subflow->up)
    known->local_port = subflow->local_port;
  else if (known)
    *known = *subflow;
  /* An event says only whether the peer asked for a backup. */
  if (known)
    known->backup |= backup;
  else
    g_array_append_val(connection->subflows, *subflow);
  remember_id(connection, &subflow->local, subflow->local_id);
}

static NeoPmSubflow event_subflow(const NeoPmEvent *event, gint64 now)
{
  return (NeoPmSubflow){
    .local = event->local, .remote = event->remote, .local_port = event->local_port, .remote_port = event->remote_port,
    .local_id = event->local_id, .remote_id = event->remote_id, .link = event->link, .backup = event->backup,
    .up = TRUE, .since = now,
  };
}

static void set_initial(NeoPmConnection *connection, const NeoPmSubflow *subflow)
{
  NeoPmRemote initial = { .address = subflow->remote, .port = subflow->remote_port };

  connection->local = subflow->local;
  if (connection->remotes->len)
    g_array_remove_index(connection->remotes, 0);
  g_array_prepend_val(connection->remotes, initial);
}

static void settle(NeoPmConnection *connection, gint64 now)
{
  connection->settled_at = MIN(now + NEO_PM_SETTLE, connection->established_at + NEO_PM_SETTLE_MAX);
}

static NeoPmConnection *apply_start(NeoPmModel *model, NeoPmConnection *connection, const NeoPmEvent *event, gint64 now)
{
  NeoPmSubflow subflow = event_subflow(event, now);

  /* The token of a connection whose end was missed may be given out again. */
  if (!connection || event->kind == NEO_PM_CREATED)
    connection = add_connection(model, event->token);
  connection->server_side = event->server_side;
  connection->deny_initial = event->deny_initial;
  connection->established = event->kind == NEO_PM_ESTABLISHED;
  connection->established_at = now;
  settle(connection, now);
  if (!connection->remotes->len)
    set_initial(connection, &subflow);
  put_subflow(connection, &subflow);
  return connection;
}

static void apply_announced(NeoPmConnection *connection, const NeoPmEvent *event)
{
  NeoPmRemote remote = { .address = event->remote, .port = event->remote_port, .id = event->remote_id };

  for (guint i = connection->remotes->len; i-- > 0;) {
    NeoPmRemote *known = &g_array_index(connection->remotes, NeoPmRemote, i);
    gboolean same = known->port == remote.port && neo_address_equal(&known->address, &remote.address);
    if (i > 0 && same && known->id == remote.id)
      return;
    if (i == 0 && same) {
      known->alias = remote.id;
      known->withdrawn = FALSE;
      return;
    }
    if (i > 0 && (same || known->id == remote.id))
      g_array_remove_index(connection->remotes, i);
  }
  g_array_append_val(connection->remotes, remote);
}

static void apply_removed(NeoPmConnection *connection, guint8 id)
{
  for (guint i = connection->remotes->len; i-- > 0;) {
    NeoPmRemote *known = &g_array_index(connection->remotes, NeoPmRemote, i);
    if (i == 0)
      known->withdrawn |= id == known->id || id == known->alias;
    else if (known->id == id)
      g_array_remove_index(connection->remotes, i);
  }
}

static void apply_closed(NeoPmConnection *connection, const NeoPmEvent *event, gint64 now)
{
  NeoPmSubflow subflow = event_subflow(event, now);
  guint index = 0;
  const NeoPmSubflow *known = find_subflow(connection, &subflow, &index);

  if (!known)
    return;
  if (known->up && now - known->since >= GOOD_US)
    neo_pm_connection_forgive(connection, &known->local);
  neo_pm_connection_failed(connection, &known->local, &known->remote, now);
  neo_pm_connection_forget(connection, index);
}

static void apply_priority(NeoPmConnection *connection, const NeoPmEvent *event, gint64 now)
{
  NeoPmSubflow subflow = event_subflow(event, now);
  guint index = 0;
  NeoPmSubflow *known = find_subflow(connection, &subflow, &index);

  if (known)
    known->backup = event->backup;
}

static void apply_to_connection(NeoPmConnection *connection, const NeoPmEvent *event, gint64 now)
{
  NeoPmSubflow subflow = event_subflow(event, now);

  switch (event->kind) {
  case NEO_PM_ANNOUNCED:
    apply_announced(connection, event);
    settle(connection, now);
    break;
  case NEO_PM_REMOVED:
    apply_removed(connection, event->remote_id);
    break;
  case NEO_PM_SUB_ESTABLISHED:
    put_subflow(connection, &subflow);
    break;
  case NEO_PM_SUB_CLOSED:
    apply_closed(connection, event, now);
    break;
  case NEO_PM_SUB_PRIORITY:
    apply_priority(connection, event, now);
    break;
  default:
    break;
  }
}

NeoPmConnection *neo_pm_model_apply(NeoPmModel *model, const NeoPmEvent *event, gint64 now)
{
  NeoPmConnection *connection = neo_pm_model_find(model, event->token);
  gint key = event->token;

  if (event->kind == NEO_PM_CREATED || event->kind == NEO_PM_ESTABLISHED)
    return apply_start(model, connection, event, now);
  if (event->kind == NEO_PM_CLOSED) {
    g_hash_table_remove(model->connections, &key);
    return NULL;
  }
  if (connection)
    apply_to_connection(connection, event, now);
  return connection;
}

void neo_pm_connection_joining(NeoPmConnection *connection, const NeoPmSubflow *subflow)
{
  put_subflow(connection, subflow);
}

void neo_pm_connection_announced(NeoPmConnection *connection, const NeoPmRemote *remote, gint64 now)
{
  NeoPmRemote first = *remote;

  for (guint i = 0; i < connection->announced->len; i++) {
    NeoPmRemote *known = &g_array_index(connection->announced, NeoPmRemote, i);
    if (known->id != remote->id)
      continue;
    known->repeats++;
    known->again_at = known->repeats < NEO_PM_REPEATS ? now + 4 * NEO_PM_REPEAT : 0;
    return;
  }
  first.again_at = now + NEO_PM_REPEAT;
  g_array_append_val(connection->announced, first);
}

gboolean neo_pm_connection_repeats(const NeoPmConnection *connection, const NeoPmRemote *announced, gint64 now)
{
  if (!announced->again_at || now < announced->again_at)
    return FALSE;
  for (guint i = 0; i < connection->subflows->len; i++)
    if (neo_address_equal(&g_array_index(connection->subflows, NeoPmSubflow, i).local, &announced->address))
      return FALSE;
  return TRUE;
}

void neo_pm_connection_forget(NeoPmConnection *connection, guint index)
{
  g_array_remove_index(connection->subflows, index);
}

static gint64 next_announcement(const NeoPmConnection *connection, gint64 now)
{
  gint64 next = 0;

  for (guint i = 0; i < connection->announced->len; i++) {
    gint64 at = g_array_index(connection->announced, NeoPmRemote, i).again_at;
    if (at > now && (!next || at < next))
      next = at;
  }
  return next;
}

gint64 neo_pm_connection_next(const NeoPmConnection *connection, gint64 now)
{
  if (connection->server_side)
    return next_announcement(connection, now);
  gint64 next = neo_pm_connection_next_try(connection, now);

  if (connection->settled_at > now)
    next = MIN(next, connection->settled_at);
  for (guint i = 0; i < connection->subflows->len; i++) {
    const NeoPmSubflow *subflow = &g_array_index(connection->subflows, NeoPmSubflow, i);
    gint64 at = subflow->health.checking ? subflow->health.check_at : subflow->since + NEO_PM_JOIN_PATIENCE;
    if ((subflow->health.checking || !subflow->up) && at > now)
      next = MIN(next, at);
  }
  return next == G_MAXINT64 ? 0 : next;
}

int neo_pm_connection_id(NeoPmConnection *connection, const NeoAddress *address)
{
  gboolean taken[256] = { TRUE };

  for (guint i = 0; i < connection->ids->len; i++) {
    const NeoPmId *known = &g_array_index(connection->ids, NeoPmId, i);
    if (neo_address_equal(&known->address, address))
      return known->id;
    taken[known->id] = TRUE;
  }
  for (guint id = 1; id < G_N_ELEMENTS(taken); id++)
    if (!taken[id]) {
      remember_id(connection, address, id);
      return id;
    }
  return -1;
}

static gboolean is_listed(const GArray *sockets, const NeoPmConnection *connection, const NeoPmSubflow *subflow)
{
  for (guint i = 0; i < sockets->len; i++) {
    const NeoPmSocket *socket = &g_array_index(sockets, NeoPmSocket, i);
    if (socket->token != connection->token || socket->connection != (subflow == NULL))
      continue;
    if (!subflow || (same_pair(&socket->subflow, subflow) && (!subflow->local_port || subflow->local_port == socket->subflow.local_port)))
      return TRUE;
  }
  return FALSE;
}

static void forget_unlisted(NeoPmModel *model, const GArray *sockets)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init(&iter, model->connections);
  while (g_hash_table_iter_next(&iter, NULL, &value)) {
    NeoPmConnection *connection = value;
    if (!is_listed(sockets, connection, NULL)) {
      g_hash_table_iter_remove(&iter);
      continue;
    }
    for (guint i = connection->subflows->len; i-- > 0;)
      if (!is_listed(sockets, connection, &g_array_index(connection->subflows, NeoPmSubflow, i)))
        g_array_remove_index(connection->subflows, i);
  }
}

/* A remote that a subflow leads to was announced once, and may be joined to again. */
static void learn_remote(NeoPmConnection *connection, const NeoPmSubflow *subflow)
{
  NeoPmRemote remote = { .address = subflow->remote, .port = subflow->remote_port, .id = subflow->remote_id };

  for (guint i = 0; i < connection->remotes->len; i++)
    if (neo_pm_subflow_leads_to(subflow, &g_array_index(connection->remotes, NeoPmRemote, i)))
      return;
  g_array_append_val(connection->remotes, remote);
}

static void learn_socket(NeoPmModel *model, const NeoPmSocket *socket, gint64 now)
{
  NeoPmConnection *connection = neo_pm_model_find(model, socket->token);
  NeoPmSubflow subflow = socket->subflow;

  if (!connection && !socket->connection)
    return;
  subflow.since = now;
  if (socket->connection && !connection) {
    connection = add_connection(model, socket->token);
    connection->server_side = TRUE;
    connection->established = TRUE;
    set_initial(connection, &subflow);
    remember_id(connection, &subflow.local, 0);
  } else if (!socket->connection) {
    if (socket->client_side) {
      connection->server_side = FALSE;
      learn_remote(connection, &subflow);
    }
    put_subflow(connection, &subflow);
  }
}

void neo_pm_model_learn(NeoPmModel *model, const GArray *sockets, gint64 now)
{
  forget_unlisted(model, sockets);
  for (guint i = 0; i < sockets->len; i++)
    learn_socket(model, &g_array_index(sockets, NeoPmSocket, i), now);
}
