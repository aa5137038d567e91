/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "paths/pm-plan.h"

#include "paths/pm-retry.h"

typedef struct {
  const NeoPmConnection *connection;
  const NeoPmHost *host;
  const GArray *pairs; /* NeoPmPair */
  const NeoPmSubflow **served; /* the subflow that serves each pair, or NULL */
  GArray *steps;       /* NeoPmStep */
  guint joins_left;
} Plan;

static const NeoPmSubflow *get_subflow(const Plan *plan, guint index)
{
  return &g_array_index(plan->connection->subflows, NeoPmSubflow, index);
}

static void add_step(Plan *plan, NeoPmStepKind kind, const NeoPmSubflow *subflow)
{
  NeoPmStep step = { kind, *subflow };
  g_array_append_val(plan->steps, step);
}

/* What there is no join left for has its turn when one comes free. */
static void add_join(Plan *plan, const NeoPmSubflow *subflow)
{
  if (!plan->joins_left)
    return;
  plan->joins_left--;
  add_step(plan, NEO_PM_CREATE, subflow);
}

static gboolean is_gone(const Plan *plan, const NeoAddress *local)
{
  for (guint i = 0; i < plan->host->gone->len; i++)
    if (neo_address_equal(&g_array_index(plan->host->gone, NeoAddress, i), local))
      return TRUE;
  return FALSE;
}

static gboolean is_withdrawn(const Plan *plan, const NeoPmSubflow *subflow)
{
  for (guint i = 0; i < plan->connection->remotes->len; i++) {
    const NeoPmRemote *remote = &g_array_index(plan->connection->remotes, NeoPmRemote, i);
    if (neo_pm_subflow_leads_to(subflow, remote))
      return remote->withdrawn;
  }
  return TRUE;
}

static gboolean works(const Plan *plan, const NeoPmSubflow *subflow)
{
  return subflow->up && !is_gone(plan, &subflow->local) && !is_withdrawn(plan, subflow);
}

static gboolean any_works(const Plan *plan)
{
  for (guint i = 0; i < plan->connection->subflows->len; i++)
    if (works(plan, get_subflow(plan, i)))
      return TRUE;
  return FALSE;
}

/* Whether the peer was told by a subflow before @index that this address is gone. */
static gboolean is_repeated(const Plan *plan, guint index)
{
  for (guint i = 0; i < index; i++)
    if (neo_address_equal(&get_subflow(plan, i)->local, &get_subflow(plan, index)->local))
      return TRUE;
  return FALSE;
}

/*
 * What lost its address here or there. The last subflow stays, as a TCP connection would: its address may come back, and
 * a connection without subflows ends after a minute (net.mptcp.close_timeout).
 */
static void plan_lost(Plan *plan)
{
  gboolean spare = any_works(plan);

  for (guint i = 0; i < plan->connection->subflows->len; i++)
    if (spare && is_gone(plan, &get_subflow(plan, i)->local) && !is_repeated(plan, i))
      add_step(plan, NEO_PM_REMOVE, get_subflow(plan, i));
  for (guint i = 0; i < plan->connection->subflows->len; i++) {
    const NeoPmSubflow *subflow = get_subflow(plan, i);
    if ((spare || !subflow->up) && (is_gone(plan, &subflow->local) || is_withdrawn(plan, subflow)))
      add_step(plan, NEO_PM_DESTROY, subflow);
  }
}

static gboolean serves(const NeoPmSubflow *subflow, const NeoPmPair *pair)
{
  return neo_address_equal(&subflow->local, &pair->path.address) && neo_pm_subflow_leads_to(subflow, &pair->remote);
}

/* The first subflow that serves @pair, or NULL. */
static const NeoPmSubflow *find_served(const Plan *plan, const NeoPmPair *pair)
{
  for (guint i = 0; i < plan->connection->subflows->len; i++)
    if (serves(get_subflow(plan, i), pair) && !get_subflow(plan, i)->health.parked && !is_gone(plan, &get_subflow(plan, i)->local))
      return get_subflow(plan, i);
  return NULL;
}

/* Whether @subflow can be done without: what should be in its place is up, or is itself a better one for the same pair. */
static gboolean is_surplus(const Plan *plan, const NeoPmSubflow *subflow)
{
  gboolean elsewhere = FALSE, on_path = FALSE, path_up = FALSE;

  for (guint i = 0; i < plan->pairs->len; i++) {
    const NeoPmPair *pair = &g_array_index(plan->pairs, NeoPmPair, i);
    gboolean up = plan->served[i] && plan->served[i]->up;
    if (serves(subflow, pair))
      return up && plan->served[i] != subflow;
    if (neo_address_equal(&subflow->local, &pair->path.address) && !pair->backup) {
      on_path = TRUE;
      path_up |= up;
    }
    elsewhere |= up;
  }
  return on_path ? path_up || subflow->backup : elsewhere;
}

static void plan_surplus(Plan *plan)
{
  for (guint i = 0; i < plan->connection->subflows->len; i++)
    if (works(plan, get_subflow(plan, i)) && is_surplus(plan, get_subflow(plan, i)))
      add_step(plan, NEO_PM_DESTROY, get_subflow(plan, i));
}

static void plan_joins(Plan *plan, gint64 now)
{
  for (guint i = 0; i < plan->pairs->len; i++) {
    const NeoPmPair *pair = &g_array_index(plan->pairs, NeoPmPair, i);
    NeoPmSubflow subflow = {
      .local = pair->path.address, .link = pair->path.link, .backup = pair->backup, .since = now,
      .remote = pair->remote.address, .remote_port = pair->remote.port, .remote_id = pair->remote.id,
    };
    if (!plan->served[i])
      add_join(plan, &subflow);
  }
}

static gboolean has_twin(const Plan *plan, const NeoPmSubflow *subflow)
{
  for (guint i = 0; i < plan->connection->subflows->len; i++) {
    const NeoPmSubflow *other = get_subflow(plan, i);
    if (other != subflow && other->remote_port == subflow->remote_port && neo_address_equal(&other->local, &subflow->local) &&
        neo_address_equal(&other->remote, &subflow->remote))
      return TRUE;
  }
  return FALSE;
}

/* The second joins by which subflows are checked (paths/pm-health.h). */
static void plan_checks(Plan *plan, gint64 now)
{
  for (guint i = 0; i < plan->connection->subflows->len; i++) {
    NeoPmSubflow subflow = *get_subflow(plan, i);
    if (!subflow.health.checking || has_twin(plan, get_subflow(plan, i)) ||
        neo_pm_connection_waits(plan->connection, &subflow.local, &subflow.remote, now))
      continue;
    subflow.up = FALSE;
    subflow.local_port = 0;
    subflow.since = now;
    subflow.health = (NeoPmHealth){ 0 };
    add_join(plan, &subflow);
  }
}

static gboolean contains(const GArray *addresses, const NeoPmRemote *wanted)
{
  for (guint i = 0; i < addresses->len; i++) {
    const NeoPmRemote *known = &g_array_index(addresses, NeoPmRemote, i);
    if (known->id == wanted->id && known->port == wanted->port && known->backup == wanted->backup && neo_address_equal(&known->address, &wanted->address))
      return TRUE;
  }
  return FALSE;
}

static void add_address_step(Plan *plan, NeoPmStepKind kind, const NeoPmRemote *address)
{
  NeoPmSubflow subflow = { .local = address->address, .local_port = address->port, .local_id = address->id, .backup = address->backup };
  add_step(plan, kind, &subflow);
}

/* A step for each of @addresses that is not one of @others. */
static void plan_announced(Plan *plan, NeoPmStepKind kind, const GArray *addresses, const GArray *others)
{
  for (guint i = 0; i < addresses->len; i++)
    if (!contains(others, &g_array_index(addresses, NeoPmRemote, i)))
      add_address_step(plan, kind, &g_array_index(addresses, NeoPmRemote, i));
}

static void plan_repeated(Plan *plan, gint64 now)
{
  for (guint i = 0; i < plan->connection->announced->len; i++) {
    const NeoPmRemote *announced = &g_array_index(plan->connection->announced, NeoPmRemote, i);
    if (contains(plan->host->signals, announced) && neo_pm_connection_repeats(plan->connection, announced, now))
      add_address_step(plan, NEO_PM_ANNOUNCE, announced);
  }
}

/* What a peer opened beyond the bound; the newest go. */
static void plan_excess(Plan *plan)
{
  for (guint i = NEO_PM_MAX_ACCEPTED; i < plan->connection->subflows->len; i++)
    add_step(plan, NEO_PM_DESTROY, get_subflow(plan, i));
}

GArray *neo_pm_plan(const NeoPmConnection *connection, const NeoPmHost *host, const NeoPmSettings *settings, gint64 now)
{
  GArray *steps = g_array_new(FALSE, FALSE, sizeof(NeoPmStep));
  Plan plan = { .connection = connection, .host = host, .steps = steps, .joins_left = neo_pm_connection_joins_left(connection, now) };

  if (!connection->established)
    return steps;
  if (connection->server_side) {
    plan_announced(&plan, NEO_PM_REMOVE, connection->announced, host->signals);
    plan_announced(&plan, NEO_PM_ANNOUNCE, host->signals, connection->announced);
    plan_repeated(&plan, now);
    plan_excess(&plan);
    return steps;
  }
  g_autoptr(GArray) pairs = neo_pm_pair(connection, host, settings, now);
  g_autofree const NeoPmSubflow **served = g_new0(const NeoPmSubflow *, pairs->len);
  for (guint i = 0; i < pairs->len; i++)
    served[i] = find_served(&plan, &g_array_index(pairs, NeoPmPair, i));
  plan.pairs = pairs;
  plan.served = served;
  plan_lost(&plan);
  plan_surplus(&plan);
  if (now >= connection->settled_at)
    plan_joins(&plan, now);
  plan_checks(&plan, now);
  return steps;
}
