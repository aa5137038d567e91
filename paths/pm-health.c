/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "paths/pm-health.h"

#include "paths/pm-retry.h"

#define MAX_CHECK_S 60

static NeoPmSubflow *get(const NeoPmConnection *connection, guint index)
{
  return &g_array_index(connection->subflows, NeoPmSubflow, index);
}

static gboolean same_addresses(const NeoPmSubflow *a, const NeoPmSubflow *b)
{
  return a->remote_port == b->remote_port && neo_address_equal(&a->local, &b->local) && neo_address_equal(&a->remote, &b->remote);
}

static gboolean count_subflow(NeoPmConnection *connection, NeoPmSubflow *subflow, guint64 moved, gint64 now)
{
  NeoPmHealth *health = &subflow->health;
  guint64 before = health->moved;

  if (health->moved_at && moved == before)
    return FALSE;
  connection->moved += health->moved_at && moved > before ? moved - before : 0;
  NeoPmHealth counted = { .moved = moved, .others = connection->moved, .moved_at = now };
  if (!health->moved_at) {
    counted.check_s = health->check_s;
    counted.check_at = health->check_at;
  }
  *health = counted;
  return moved != before;
}

static gboolean count_socket(NeoPmModel *model, const NeoPmSocket *socket, gint64 now)
{
  NeoPmConnection *connection = neo_pm_model_find(model, socket->token);

  for (guint i = 0; connection && !connection->server_side && i < connection->subflows->len; i++) {
    NeoPmSubflow *subflow = get(connection, i);
    if (subflow->up && subflow->local_port == socket->subflow.local_port && same_addresses(subflow, &socket->subflow))
      return count_subflow(connection, subflow, socket->subflow.health.moved, now);
  }
  return FALSE;
}

gboolean neo_pm_health_count(NeoPmModel *model, const GArray *sockets, gint64 now)
{
  gboolean moved = FALSE;

  for (guint i = 0; i < sockets->len; i++) {
    const NeoPmSocket *socket = &g_array_index(sockets, NeoPmSocket, i);
    if (!socket->connection && count_socket(model, socket, now))
      moved = TRUE;
  }
  return moved;
}

static gboolean is_still(const NeoPmConnection *connection, const NeoPmSubflow *subflow, gint64 now)
{
  const NeoPmHealth *health = &subflow->health;

  return subflow->up && !subflow->backup && !health->parked && health->moved_at && now - health->moved_at >= NEO_PM_STILL &&
         connection->moved - health->others >= NEO_PM_OTHERS && now >= health->check_at;
}

/* The second subflow between the same addresses, if it was made for the check of @subflow. */
static NeoPmSubflow *find_check(const NeoPmConnection *connection, const NeoPmSubflow *subflow)
{
  for (guint i = 0; i < connection->subflows->len; i++)
    if (get(connection, i) != subflow && same_addresses(get(connection, i), subflow))
      return get(connection, i);
  return NULL;
}

static void begin_check(NeoPmHealth *health, gint64 now)
{
  health->checking = TRUE;
  health->check_s = CLAMP(health->check_s * 2, 1, MAX_CHECK_S);
  health->check_at = now + NEO_PM_ANSWER;
}

static void end_check(NeoPmConnection *connection, NeoPmSubflow *subflow, gint64 now)
{
  NeoPmSubflow *check = find_check(connection, subflow);
  gboolean refused = !check && neo_pm_connection_waits(connection, &subflow->local, &subflow->remote, now);

  if (!refused && (!check || (!check->up && now < subflow->health.check_at)))
    return;
  subflow->health.checking = FALSE;
  subflow->health.parked = TRUE;
  subflow->health.check_at = now + subflow->health.check_s * G_USEC_PER_SEC;
  if (check && check->up) {
    check->health.check_s = subflow->health.check_s;
    check->health.check_at = subflow->health.check_at;
  } else if (!refused)
    neo_pm_connection_failed(connection, &subflow->local, &subflow->remote, now);
}

void neo_pm_health_judge(NeoPmConnection *connection, gint64 now)
{
  for (guint i = 0; i < connection->subflows->len; i++) {
    NeoPmSubflow *subflow = get(connection, i);
    if (subflow->health.checking)
      end_check(connection, subflow, now);
    else if (is_still(connection, subflow, now))
      begin_check(&subflow->health, now);
  }
}
