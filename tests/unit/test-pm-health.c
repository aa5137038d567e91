/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "paths/pm-health.h"
#include "paths/pm-plan.h"
#include "paths/pm-retry.h"
#include "tests/unit/pm-text.h"

#define SECOND G_USEC_PER_SEC

/* A client with the subflows a0 (port 1000) and b1 (port 1001), and what is moved over them. */
typedef struct {
  NeoPmModel *model;
  NeoPmConnection *connection;
  NeoPmHost host;
} Setting;

static void set_up(Setting *setting, gconstpointer data)
{
  PmText text = { "ab", "01", "a0 b1" };

  setting->model = neo_pm_model_new();
  setting->connection = pm_connection(setting->model, &text);
  setting->host = pm_host(&text);
}

static void tear_down(Setting *setting, gconstpointer data)
{
  neo_pm_model_free(setting->model);
  pm_host_clear(&setting->host);
}

static gboolean count(Setting *setting, guint64 moved_a, guint64 moved_b, gint64 now)
{
  g_autoptr(GArray) sockets = g_array_new(FALSE, FALSE, sizeof(NeoPmSocket));

  for (guint i = 0; i < 2; i++) {
    NeoPmSocket socket = { .token = 1, .subflow = g_array_index(setting->connection->subflows, NeoPmSubflow, i) };
    socket.subflow.health.moved = i ? moved_b : moved_a;
    g_array_append_val(sockets, socket);
  }
  gboolean moved = neo_pm_health_count(setting->model, sockets, now);
  neo_pm_health_judge(setting->connection, now);
  return moved;
}

static const NeoPmHealth *health(const Setting *setting, guint index)
{
  return &g_array_index(setting->connection->subflows, NeoPmSubflow, index).health;
}

/* The plan as "KIND LOCAL REMOTE", one after the other. */
static void assert_plan(Setting *setting, gint64 now, const char *expected)
{
  static const char *const kinds[] = { "remove", "destroy", "announce", "create" };
  NeoPmSettings settings = { NEO_PM_SPREAD, 250 };
  g_autoptr(GArray) steps = neo_pm_plan(setting->connection, &setting->host, &settings, now);
  g_autoptr(GString) text = g_string_new(NULL);

  for (guint i = 0; i < steps->len; i++) {
    const NeoPmStep *step = &g_array_index(steps, NeoPmStep, i);
    g_string_append_printf(text, "%s%s %c%c", i ? ", " : "", kinds[step->kind], pm_local_name(&step->subflow.local), pm_remote_name(&step->subflow.remote));
  }
  g_assert_cmpstr(text->str, ==, expected);
}

/* When a check begins: after one second, and if the others have moved enough. */
static void test_begin(Setting *setting, gconstpointer data)
{
  static const struct { guint64 moved; gint64 after; gboolean checking; } rows[] = {
    { NEO_PM_OTHERS, NEO_PM_STILL, TRUE }, { NEO_PM_OTHERS - 1, NEO_PM_STILL, FALSE }, { NEO_PM_OTHERS, NEO_PM_STILL - 1, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    tear_down(setting, NULL);
    set_up(setting, NULL);
    count(setting, 10, 10, PM_NOW);
    count(setting, 10 + rows[i].moved, 10, PM_NOW + rows[i].after);
    g_assert_cmpint(health(setting, 1)->checking, ==, rows[i].checking);
    g_assert_false(health(setting, 0)->checking);
    assert_plan(setting, PM_NOW + rows[i].after, rows[i].checking ? "create b1" : "");
  }
}

static void begin_check(Setting *setting)
{
  count(setting, 0, 10, PM_NOW);
  count(setting, NEO_PM_OTHERS, 10, PM_NOW + SECOND);
  g_assert_true(health(setting, 1)->checking);
}

static void add_check(Setting *setting, gboolean up)
{
  NeoPmSubflow check = g_array_index(setting->connection->subflows, NeoPmSubflow, 1);

  check.up = up;
  check.local_port = up ? 1002 : 0;
  check.since = PM_NOW + SECOND;
  check.health = (NeoPmHealth){ 0 };
  g_array_append_val(setting->connection->subflows, check);
}

/* It is answered: the second one takes its place, and the next check comes later. */
static void test_well(Setting *setting, gconstpointer data)
{
  begin_check(setting);
  add_check(setting, TRUE);
  neo_pm_health_judge(setting->connection, PM_NOW + SECOND);
  g_assert_true(!health(setting, 1)->checking && !health(setting, 2)->parked);
  assert_plan(setting, PM_NOW + SECOND, "destroy b1");
  g_assert_true(health(setting, 1)->parked);
  neo_pm_connection_forget(setting->connection, 1);

  count(setting, NEO_PM_OTHERS, 10, PM_NOW + SECOND);

  count(setting, 2 * NEO_PM_OTHERS, 10, PM_NOW + 2 * SECOND - 1);
  g_assert_false(health(setting, 1)->checking);
  count(setting, 3 * NEO_PM_OTHERS, 10, PM_NOW + 2 * SECOND);
  g_assert_true(health(setting, 1)->checking);
  g_assert_cmpuint(health(setting, 1)->check_s, ==, 2);
  count(setting, 3 * NEO_PM_OTHERS, 11, PM_NOW + 2 * SECOND);
  g_assert_true(!health(setting, 1)->checking && health(setting, 1)->check_s == 0);
}

/* It is not: the path goes to the other remote, and the silent subflow is closed when that is up. */
static void test_dead(Setting *setting, gconstpointer data)
{
  gint64 late = PM_NOW + SECOND + NEO_PM_ANSWER;

  begin_check(setting);
  add_check(setting, FALSE);
  neo_pm_health_judge(setting->connection, late - 1);
  g_assert_true(health(setting, 1)->checking);
  g_assert_cmpint(neo_pm_connection_next(setting->connection, late - 1), ==, late);
  neo_pm_health_judge(setting->connection, late);
  g_assert_true(!health(setting, 1)->checking && health(setting, 1)->parked);
  assert_plan(setting, late, "create b0");

  NeoPmSubflow other = { .local = pm_local('b'), .remote = pm_remote('0'), .remote_port = 443, .local_port = 1003, .up = TRUE, .since = late };
  g_array_append_val(setting->connection->subflows, other);
  assert_plan(setting, late, "destroy b1");
  /* It recovers before that: nothing is parked. */
  count(setting, NEO_PM_OTHERS, 11, late);
  g_assert_false(health(setting, 1)->parked);
}

static void test_refused(Setting *setting, gconstpointer data)
{
  NeoAddress local = pm_local('b'), remote = pm_remote('1');

  begin_check(setting);
  neo_pm_connection_failed(setting->connection, &local, &remote, PM_NOW + SECOND);
  neo_pm_health_judge(setting->connection, PM_NOW + SECOND);
  g_assert_true(health(setting, 1)->parked);
}

static void test_backup(Setting *setting, gconstpointer data)
{
  g_array_index(setting->connection->subflows, NeoPmSubflow, 1).backup = TRUE;
  count(setting, 0, 10, PM_NOW);
  g_assert_true(count(setting, NEO_PM_OTHERS, 10, PM_NOW + SECOND));
  g_assert_false(count(setting, NEO_PM_OTHERS, 10, PM_NOW + SECOND));
  g_assert_false(health(setting, 1)->checking);
}

static void add(const char *name, void (*test)(Setting *, gconstpointer))
{
  g_test_add(name, Setting, NULL, set_up, test, tear_down);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  add("/pm-health/begin", test_begin);
  add("/pm-health/well", test_well);
  add("/pm-health/dead", test_dead);
  add("/pm-health/refused", test_refused);
  add("/pm-health/backup", test_backup);
  return g_test_run();
}
