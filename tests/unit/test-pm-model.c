/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "paths/pm-retry.h"
#include "tests/unit/pm-text.h"

#define SECOND G_USEC_PER_SEC

/* The subflows as pm-text.h writes them. */
static char *show(const NeoPmConnection *connection)
{
  GString *text = g_string_new(NULL);

  for (guint i = 0; i < connection->subflows->len; i++) {
    const NeoPmSubflow *subflow = &g_array_index(connection->subflows, NeoPmSubflow, i);
    g_string_append_printf(text, "%s%c%c%s%s", i ? " " : "", pm_local_name(&subflow->local), pm_remote_name(&subflow->remote),
                           subflow->up ? "" : "?", subflow->backup ? "b" : "");
  }
  return g_string_free(text, FALSE);
}

static void assert_subflows(const NeoPmConnection *connection, const char *expected)
{
  g_autofree char *shown = show(connection);
  g_assert_cmpstr(shown, ==, expected);
}

static void assert_remotes(const NeoPmConnection *connection, const char *expected)
{
  g_autoptr(GString) text = g_string_new(NULL);

  for (guint i = 0; i < connection->remotes->len; i++) {
    const NeoPmRemote *remote = &g_array_index(connection->remotes, NeoPmRemote, i);
    g_string_append_printf(text, "%c%s", pm_remote_name(&remote->address), remote->withdrawn ? "-" : "");
  }
  g_assert_cmpstr(text->str, ==, expected);
}

static NeoPmEvent event(NeoPmEventKind kind, const char *pair, guint16 local_port)
{
  return (NeoPmEvent){
    .kind = kind, .token = 1, .local = pm_local(pair[0]), .remote = pm_remote(pair[1]), .local_port = local_port, .remote_port = 443,
    .local_id = pair[0] - 'a' + 1,
  };
}

static void apply(NeoPmModel *model, NeoPmEventKind kind, const char *pair, guint16 local_port, gint64 now)
{
  NeoPmEvent e = event(kind, pair, local_port);
  neo_pm_model_apply(model, &e, now);
}

static void announce(NeoPmModel *model, NeoPmEventKind kind, char remote, guint8 id)
{
  NeoPmEvent e = { .kind = kind, .token = 1, .remote = pm_remote(remote), .remote_port = 443, .remote_id = id };
  neo_pm_model_apply(model, &e, PM_NOW);
}

static void join(NeoPmConnection *connection, const char *pair, gint64 now)
{
  NeoPmSubflow subflow = { .local = pm_local(pair[0]), .remote = pm_remote(pair[1]), .remote_port = 443, .local_id = pair[0] - 'a' + 1, .since = now };
  neo_pm_connection_joining(connection, &subflow);
}

static void test_life(void)
{
  g_autoptr(NeoPmModel) model = neo_pm_model_new();
  NeoPmEvent created = { .kind = NEO_PM_CREATED, .token = 1, .local = pm_local('a'), .remote = pm_remote('0'), .local_port = 999, .remote_port = 443 };
  NeoPmEvent closed = { .kind = NEO_PM_CLOSED, .token = 1 }, unknown = { .kind = NEO_PM_SUB_CLOSED, .token = 2 };

  NeoPmConnection *connection = neo_pm_model_apply(model, &created, PM_NOW);
  g_assert_false(connection->established);
  created.kind = NEO_PM_ESTABLISHED;
  g_assert_true(neo_pm_model_apply(model, &created, PM_NOW) == connection);
  g_assert_true(connection->established && !connection->server_side);
  assert_subflows(connection, "a0");

  join(connection, "b0", PM_NOW);
  assert_subflows(connection, "a0 b0?");
  apply(model, NEO_PM_SUB_ESTABLISHED, "b0", 1001, PM_NOW);
  assert_subflows(connection, "a0 b0");
  /* Joins that nobody here asked for, and a repetition. */
  apply(model, NEO_PM_SUB_ESTABLISHED, "b0", 1001, PM_NOW);
  apply(model, NEO_PM_SUB_ESTABLISHED, "b0", 1002, PM_NOW);
  assert_subflows(connection, "a0 b0 b0");
  apply(model, NEO_PM_SUB_CLOSED, "b0", 1003, PM_NOW);
  assert_subflows(connection, "a0 b0 b0");
  apply(model, NEO_PM_SUB_CLOSED, "b0", 1001, PM_NOW);
  assert_subflows(connection, "a0 b0");

  g_assert_null(neo_pm_model_apply(model, &unknown, PM_NOW));
  g_assert_null(neo_pm_model_apply(model, &closed, PM_NOW));
  g_assert_null(neo_pm_model_find(model, 1));
}

/* The kernel's event does not repeat that a join was asked for as a backup. */
static void test_backup(void)
{
  g_autoptr(NeoPmModel) model = neo_pm_model_new();
  PmText text = { "ab", "01", "a0 b1?" };
  NeoPmConnection *connection = pm_connection(model, &text);

  g_array_index(connection->subflows, NeoPmSubflow, 1).backup = TRUE;
  apply(model, NEO_PM_SUB_ESTABLISHED, "b1", 1001, PM_NOW);
  assert_subflows(connection, "a0 b1b");
}

/* The end of a connection was missed and its token was given out again. */
static void test_token_again(void)
{
  g_autoptr(NeoPmModel) model = neo_pm_model_new();
  PmText text = { "ab", "012", "a0 b1" };
  pm_connection(model, &text);
  NeoPmEvent created = { .kind = NEO_PM_CREATED, .token = 1, .local = pm_local('c'), .remote = pm_remote('3'), .local_port = 9, .remote_port = 443, .server_side = TRUE };

  NeoPmConnection *connection = neo_pm_model_apply(model, &created, PM_NOW);
  assert_subflows(connection, "c3");
  assert_remotes(connection, "3");
  g_assert_true(connection->server_side);
}

static void test_remotes(void)
{
  g_autoptr(NeoPmModel) model = neo_pm_model_new();
  PmText text = { "ab", "0", "a0" };
  NeoPmConnection *connection = pm_connection(model, &text);

  announce(model, NEO_PM_ANNOUNCED, '1', 21);
  announce(model, NEO_PM_ANNOUNCED, '2', 22);
  /* Said again: nothing changes. */
  announce(model, NEO_PM_ANNOUNCED, '1', 21);
  assert_remotes(connection, "012");
  /* An id gets another address, an address another id. */
  announce(model, NEO_PM_ANNOUNCED, '3', 22);
  assert_remotes(connection, "013");
  announce(model, NEO_PM_ANNOUNCED, '1', 25);
  assert_remotes(connection, "031");
  announce(model, NEO_PM_REMOVED, '0', 21);
  assert_remotes(connection, "031");
  announce(model, NEO_PM_REMOVED, '0', 25);
  assert_remotes(connection, "03");
  /* The initial one under a name of its own. */
  announce(model, NEO_PM_ANNOUNCED, '0', 30);
  assert_remotes(connection, "03");
  announce(model, NEO_PM_REMOVED, '0', 30);
  assert_remotes(connection, "0-3");
  announce(model, NEO_PM_ANNOUNCED, '0', 31);
  assert_remotes(connection, "03");
  announce(model, NEO_PM_REMOVED, '0', 0);
  assert_remotes(connection, "0-3");
}

/* How long until the pair may be tried again, in seconds; 0: now. */
static gint64 wait_of(const NeoPmConnection *connection, const char *pair, gint64 now)
{
  NeoAddress local = pm_local(pair[0]), remote = pm_remote(pair[1]);
  gint64 seconds = 0;

  while (neo_pm_connection_waits(connection, &local, &remote, now + seconds * SECOND))
    seconds++;
  return seconds;
}

static void test_backoff(void)
{
  static const gint64 expected[] = { 1, 2, 4, 8, 16, 32, 60, 60 };
  g_autoptr(NeoPmModel) model = neo_pm_model_new();
  PmText text = { "ab", "01", "a0" };
  NeoPmConnection *connection = pm_connection(model, &text);
  NeoAddress local = pm_local('b');
  gint64 now = PM_NOW;

  for (guint i = 0; i < G_N_ELEMENTS(expected); i++) {
    join(connection, "b1", now);
    apply(model, NEO_PM_SUB_CLOSED, "b1", 1001, now);
    g_assert_cmpint(wait_of(connection, "b1", now), ==, expected[i]);
    g_assert_cmpint(neo_pm_connection_next(connection, now), ==, now + expected[i] * SECOND);
    g_assert_cmpint(wait_of(connection, "b0", now), ==, 0);
    g_assert_cmpint(wait_of(connection, "a1", now), ==, 0);
    now += expected[i] * SECOND;
  }
  g_assert_cmpint(neo_pm_connection_next(connection, now), ==, 0);
  neo_pm_connection_forgive(connection, &local);
  join(connection, "b1", now);
  apply(model, NEO_PM_SUB_CLOSED, "b1", 1001, now);
  g_assert_cmpint(wait_of(connection, "b1", now), ==, 1);

  /* It lived, if only shortly: no new beginning. Later it lived for long. */
  apply(model, NEO_PM_SUB_ESTABLISHED, "b1", 1002, now);
  apply(model, NEO_PM_SUB_CLOSED, "b1", 1002, now + 9 * SECOND);
  g_assert_cmpint(wait_of(connection, "b1", now + 9 * SECOND), ==, 2);
  apply(model, NEO_PM_SUB_ESTABLISHED, "b1", 1003, now);
  apply(model, NEO_PM_SUB_CLOSED, "b1", 1003, now + 10 * SECOND);
  g_assert_cmpint(wait_of(connection, "b1", now + 10 * SECOND), ==, 1);
}

static void test_patience(void)
{
  g_autoptr(NeoPmModel) model = neo_pm_model_new();
  PmText text = { "ab", "01", "a0" };
  NeoPmConnection *connection = pm_connection(model, &text);

  g_assert_cmpint(neo_pm_connection_next(connection, PM_NOW), ==, 0);
  join(connection, "b1", PM_NOW);
  g_assert_cmpint(neo_pm_connection_next(connection, PM_NOW), ==, PM_NOW + NEO_PM_JOIN_PATIENCE);
  g_assert_cmpint(neo_pm_connection_next(connection, PM_NOW + NEO_PM_JOIN_PATIENCE), ==, 0);
}

static void announce_at(NeoPmModel *model, gint64 now)
{
  NeoPmEvent e = { .kind = NEO_PM_ANNOUNCED, .token = 1, .remote = pm_remote('1'), .remote_port = 443, .remote_id = 21 };
  neo_pm_model_apply(model, &e, now);
}

/* Joins wait for the end of the first burst of announcements, and not for those that come later. */
static void test_settle(void)
{
  g_autoptr(NeoPmModel) model = neo_pm_model_new();
  PmText text = { "ab", "0", "a0" };
  NeoPmConnection *connection = pm_connection(model, &text);
  gint64 start = connection->established_at;

  g_assert_cmpint(neo_pm_connection_next(connection, start), ==, start + NEO_PM_SETTLE);
  announce_at(model, start + NEO_PM_SETTLE / 2);
  g_assert_cmpint(connection->settled_at, ==, start + NEO_PM_SETTLE * 3 / 2);
  announce_at(model, start + NEO_PM_SETTLE_MAX - 1);
  g_assert_cmpint(connection->settled_at, ==, start + NEO_PM_SETTLE_MAX);
  announce_at(model, start + NEO_PM_SETTLE_MAX * 2);
  g_assert_cmpint(connection->settled_at, ==, start + NEO_PM_SETTLE_MAX);
  g_assert_cmpint(neo_pm_connection_next(connection, start + NEO_PM_SETTLE_MAX), ==, 0);
}

static void test_ids(void)
{
  g_autoptr(NeoPmModel) model = neo_pm_model_new();
  PmText text = { "ab", "01", "a0" };
  NeoPmConnection *connection = pm_connection(model, &text);
  NeoAddress initial = pm_local('a'), path = pm_local('b'), other = pm_local('c'), last = pm_local('A');

  g_assert_cmpint(neo_pm_connection_id(connection, &initial), ==, 0);
  g_assert_cmpint(neo_pm_connection_id(connection, &path), ==, 1);
  g_assert_cmpint(neo_pm_connection_id(connection, &other), ==, 2);
  g_assert_cmpint(neo_pm_connection_id(connection, &path), ==, 1);
  for (guint i = 3; i <= 255; i++) {
    NeoAddress address = pm_local('a');
    address.bytes[2] = i;
    g_assert_cmpint(neo_pm_connection_id(connection, &address), ==, i);
  }
  g_assert_cmpint(neo_pm_connection_id(connection, &last), ==, -1);
  g_assert_cmpint(neo_pm_connection_id(connection, &path), ==, 1);
}

static void add_socket(GArray *sockets, guint32 token, const char *pair, gboolean connection, gboolean client, guint16 port)
{
  NeoPmSocket socket = {
    .token = token, .connection = connection, .client_side = client,
    .subflow = { .local = pm_local(pair[0]), .remote = pm_remote(pair[1]), .local_port = port, .remote_port = 443,
                 .local_id = pair[0] - 'a', .remote_id = pair[1] - '0', .up = TRUE },
  };
  g_array_append_val(sockets, socket);
}

/* A process that starts beside live connections knows of them what their sockets say. */
static void test_learn_new(void)
{
  g_autoptr(NeoPmModel) model = neo_pm_model_new();
  g_autoptr(GArray) sockets = g_array_new(FALSE, FALSE, sizeof(NeoPmSocket));

  add_socket(sockets, 1, "a0", TRUE, FALSE, 999);
  add_socket(sockets, 2, "e0", TRUE, FALSE, 998);
  add_socket(sockets, 1, "b1", FALSE, TRUE, 1001);
  add_socket(sockets, 1, "c0", FALSE, TRUE, 1002);
  add_socket(sockets, 2, "e0", FALSE, FALSE, 998);
  add_socket(sockets, 3, "e0", FALSE, TRUE, 997);
  neo_pm_model_learn(model, sockets, PM_NOW);
  NeoPmConnection *client = neo_pm_model_find(model, 1), *server = neo_pm_model_find(model, 2);
  NeoAddress b = pm_local('b'), d = pm_local('d');
  assert_subflows(client, "b1 c0");
  assert_remotes(client, "01");
  g_assert_true(client->established && !client->server_side && server->server_side);
  g_assert_null(neo_pm_model_find(model, 3));
  g_assert_cmpint(neo_pm_connection_id(client, &b), ==, 1);
  g_assert_cmpint(neo_pm_connection_id(client, &d), ==, 3);
}

/* After events were lost, what only they told is kept. */
static void test_learn_again(void)
{
  g_autoptr(NeoPmModel) model = neo_pm_model_new();
  g_autoptr(GArray) sockets = g_array_new(FALSE, FALSE, sizeof(NeoPmSocket)), none = g_array_new(FALSE, FALSE, sizeof(NeoPmSocket));
  PmText text = { "abc", "012", "a0 b1 c2? d1?", .waits = "b2" };
  NeoPmConnection *connection = pm_connection(model, &text);

  add_socket(sockets, 1, "a0", TRUE, FALSE, 999);
  add_socket(sockets, 1, "b1", FALSE, TRUE, 1001);
  add_socket(sockets, 1, "c2", FALSE, TRUE, 1003);
  neo_pm_model_learn(model, sockets, PM_NOW);
  g_assert_true(neo_pm_model_find(model, 1) == connection);
  assert_subflows(connection, "b1 c2");
  assert_remotes(connection, "012");
  g_assert_cmpint(wait_of(connection, "b2", PM_NOW), ==, 1);
  neo_pm_model_learn(model, none, PM_NOW);
  g_assert_null(neo_pm_model_find(model, 1));
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/pm-model/life", test_life);
  g_test_add_func("/pm-model/backup", test_backup);
  g_test_add_func("/pm-model/token-again", test_token_again);
  g_test_add_func("/pm-model/remotes", test_remotes);
  g_test_add_func("/pm-model/backoff", test_backoff);
  g_test_add_func("/pm-model/patience", test_patience);
  g_test_add_func("/pm-model/settle", test_settle);
  g_test_add_func("/pm-model/ids", test_ids);
  g_test_add_func("/pm-model/learn-new", test_learn_new);
  g_test_add_func("/pm-model/learn-again", test_learn_again);
  return g_test_run();
}
