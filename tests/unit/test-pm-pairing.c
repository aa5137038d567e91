/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "paths/pm-plan.h"
#include "tests/unit/pm-text.h"

static char *show_pairs(const GArray *pairs)
{
  GString *text = g_string_new(NULL);

  for (guint i = 0; i < pairs->len; i++) {
    const NeoPmPair *pair = &g_array_index(pairs, NeoPmPair, i);
    g_string_append_printf(text, "%s%c%c%s", i ? " " : "", pm_local_name(&pair->path.address), pm_remote_name(&pair->remote.address),
                           pair->backup ? "b" : "");
  }
  return g_string_free(text, FALSE);
}

typedef struct {
  PmText text;
  NeoPmPairing pairing;
  guint max;
  const char *expected;
} Row;

static void check_row(const Row *row)
{
  g_autoptr(NeoPmModel) model = neo_pm_model_new();
  NeoPmConnection *connection = pm_connection(model, &row->text);
  NeoPmHost host = pm_host(&row->text);
  NeoPmSettings settings = { row->pairing, row->max ? row->max : 250 };
  g_autoptr(GArray) pairs = neo_pm_pair(connection, &host, &settings, PM_NOW);
  g_autofree char *shown = show_pairs(pairs);

  pm_host_clear(&host);
  g_assert_cmpstr(shown, ==, row->expected);
}

static void test_spread(void)
{
  static const Row rows[] = {
    /* Each path once, evenly, the direct way first; the initial subflow stays where it is. */
    { { "abcd", "0", "a0" }, .expected = "a0 b0 c0 d0" },
    { { "abcd", "012", "a0" }, .expected = "a0 b1 c2 d0" },
    { { "abcdef", "012", "a0" }, .expected = "a0 b1 c2 d0 e1 f2" },
    /* The initial address is no path: it counts, and is not used when it is not here. */
    { { "bcd", "012", "a0", .others = "a" }, .expected = "a0 b1 c2 d0" },
    { { "bcd", "012", "" }, .expected = "b0 c1 d2" },
    { { "bcd", "012", "", .others = "a" }, .expected = "a0 b1 c2 d0" },
    /* Fewer paths than remotes: a backup to each of the others. */
    { { "a", "012", "a0" }, .expected = "a0 a1b a2b" },
    { { "ab", "0123", "a0" }, .expected = "a0 b1 a2b b3b" },
    { { "ab", "012", "a0 b1 b2b" }, .expected = "a0 b1 b2b" },
    /* What is there stays; a relay that comes late gets its share. */
    { { "abc", "012", "a0 b2 c1" }, .expected = "a0 b2 c1" },
    { { "abcd", "012", "a0 b0 c0 d0" }, .expected = "a0 b0 c2 d1" },
    { { "abcd", "01", "a0 b0 c0 d1" }, .expected = "a0 b0 c1 d1" },
    { { "abcd", "01", "a0 b0 c1 d1" }, .expected = "a0 b0 c1 d1" },
    /* On its way to another remote, the path is counted there. */
    { { "abcd", "01", "a0 b0 c0 d0 d1? c1?" }, .expected = "a0 b0 c1 d1" },
    /* A join that gets no answer, or that failed, is no place to be. */
    { { "abcd", "01", "a0 b0 c0 d0 d1! c1!" }, .expected = "a0 b1 c0 d0" },
    { { "abcd", "01", "a0 b0 c0 d0 d1! c1! b1!" }, .expected = "a0 b0 c0 d0" },
    { { "abc", "012", "a0", "b1 c1 a1" }, .expected = "a0 b2 c0" },
    { { "abc", "01", "a0 c1", "b0 b1" }, .expected = "a0 c1" },
    { { "a", "01", "", "a0" }, .expected = "a1" },
    /* An address that failed keeps the subflow that it has all the same. */
    { { "ab", "01", "a0 b1", "b1" }, .expected = "a0 b1" },
    /* Families do not mix. */
    { { "aABC", "06", "a0" }, .expected = "a0 A6 B6 C6" },
    { { "abA", "0", "a0" }, .expected = "a0 b0" },
    { { "ab", "06", "a0" }, .expected = "a0 b0" },
    /* The limit counts the initial subflow. */
    { { "abcd", "012", "a0", .others = "" }, .max = 2, .expected = "a0 b1" },
    { { "bcda", "012", "a0" }, .max = 1, .expected = "a0" },
    { { "a", "012", "a0" }, .max = 2, .expected = "a0 a1b" },
    { { "", "01", "a0" }, .expected = "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
    check_row(&rows[i]);
}

static void test_fullmesh(void)
{
  static const Row rows[] = {
    { { "ab", "012", "a0" }, .expected = "a0 b0 a1 b1 a2 b2" },
    { { "ab", "012", "a0" }, .max = 3, .expected = "a0 b0 a1" },
    { { "aA", "06", "a0" }, .expected = "a0 A6" },
    { { "ab", "01", "a0", "b1" }, .expected = "a0 b0 a1" },
  };

  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    Row row = rows[i];
    row.pairing = NEO_PM_FULLMESH;
    check_row(&row);
  }
}

static void test_direct(void)
{
  static const Row rows[] = {
    { { "abcd", "012", "a0" }, .expected = "a0 b0 c0 d0 a1b b2b" },
    { { "abcd", "012", "a0 b1 c0 d2" }, .expected = "a0 b0 c0 d0 a1b b2b" },
    { { "abc", "012", "a0 b1", "b0" }, .expected = "a0 b1 c0 a2b" },
    { { "abc", "012", "b1 c1", "a0 b0 c0" }, .expected = "a1 b1 c1 a2b" },
    { { "abc", "012", "a0" }, .max = 4, .expected = "a0 b0 c0 a1b" },
    { { "aA", "06", "a0" }, .expected = "a0 A6" },
  };

  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    Row row = rows[i];
    row.pairing = NEO_PM_DIRECT;
    check_row(&row);
  }
}

/* From any start, each path is used once and the remotes differ by one at most. */
static void test_spread_evenly(void)
{
  for (guint paths = 1; paths <= 26; paths++)
    for (guint remotes = 1; remotes <= 5; remotes++) {
      g_autofree char *names = g_strndup("abcdefghijklmnopqrstuvwxyz", paths), *others = g_strndup("01234", remotes);
      g_autoptr(NeoPmModel) model = neo_pm_model_new();
      g_autoptr(GString) subflows = g_string_new("a0");
      NeoPmSettings settings = { NEO_PM_SPREAD, 250 };
      guint counts[5] = { 0 }, backups = 0, least = G_MAXUINT, most = 0;
      for (guint i = 1; i < paths; i++)
        g_string_append_printf(subflows, " %c%c", names[i], others[(i * i) % remotes]);
      PmText text = { names, others, subflows->str };
      NeoPmHost host = pm_host(&text);
      g_autoptr(GArray) pairs = neo_pm_pair(pm_connection(model, &text), &host, &settings, PM_NOW);
      for (guint i = 0; i < pairs->len; i++) {
        const NeoPmPair *pair = &g_array_index(pairs, NeoPmPair, i);
        backups += pair->backup;
        counts[pm_remote_name(&pair->remote.address) - '0'] += !pair->backup;
      }
      for (guint i = 0; i < remotes; i++) {
        least = MIN(least, counts[i]);
        most = MAX(most, counts[i]);
      }
      pm_host_clear(&host);
      g_assert_cmpuint(pairs->len - backups, ==, paths);
      g_assert_cmpuint(backups, ==, paths < remotes ? remotes - paths : 0);
      g_assert_cmpuint(most - least, <=, 1);
    }
}

static void test_deny_initial(void)
{
  g_autoptr(NeoPmModel) model = neo_pm_model_new();
  PmText text = { "abc", "01", "a0" };
  NeoPmConnection *connection = pm_connection(model, &text);
  NeoPmHost host = pm_host(&text);
  NeoPmSettings settings = { NEO_PM_SPREAD, 250 };

  connection->deny_initial = TRUE;
  g_autoptr(GArray) denied = neo_pm_pair(connection, &host, &settings, PM_NOW);
  g_autofree char *shown_denied = show_pairs(denied);
  g_assert_cmpstr(shown_denied, ==, "a0 b1 c1");

  /* Announced by name it may be joined after all. */
  NeoPmEvent announced = { .kind = NEO_PM_ANNOUNCED, .token = 1, .remote = pm_remote('0'), .remote_port = 443, .remote_id = 9 };
  neo_pm_model_apply(model, &announced, PM_NOW);
  g_autoptr(GArray) allowed = neo_pm_pair(connection, &host, &settings, PM_NOW);
  g_autofree char *shown_allowed = show_pairs(allowed);
  g_assert_cmpstr(shown_allowed, ==, "a0 b1 c0");
  pm_host_clear(&host);
}

static char *show_steps(const GArray *steps)
{
  static const char *const kinds[] = { "remove", "destroy", "announce", "create" };
  GString *text = g_string_new(NULL);

  for (guint i = 0; i < steps->len; i++) {
    const NeoPmStep *step = &g_array_index(steps, NeoPmStep, i);
    g_string_append_printf(text, "%s%s %c", i ? ", " : "", kinds[step->kind], pm_local_name(&step->subflow.local));
    if (step->subflow.remote.family)
      g_string_append_printf(text, "%c%s", pm_remote_name(&step->subflow.remote), step->subflow.backup ? "b" : "");
  }
  return g_string_free(text, FALSE);
}

static void test_plan(void)
{
  static const struct { PmText text; const char *expected; } rows[] = {
    { { "abcd", "01", "a0" }, "create b1, create c0, create d1" },
    { { "abcd", "01", "a0 b1 c0? d1?" }, "" },
    /* The address is gone: the peer is told once, and what was not answered is forgotten. */
    { { "acd", "01", "a0 b1 b0 c0 d1", .gone = "b" }, "remove b1, destroy b1, destroy b0" },
    { { "ac", "01", "a0 c1 b1?", .gone = "b" }, "remove b1, destroy b1" },
    { { "bc", "01", "a0 b1 c0", .gone = "a" }, "remove a0, destroy a0" },
    /* The last one stays. */
    { { "", "0", "a0", .gone = "a" }, "" },
    { { "b", "0", "a0 b0?", .gone = "a" }, "" },
    { { "b", "0", "a0 b0", .gone = "a" }, "remove a0, destroy a0" },
    /* Make before break: the new one has to be up. */
    { { "abcd", "01", "a0 b0 c0 d0" }, "create c1, create d1" },
    { { "abcd", "01", "a0 b0 c0 d0 d1 c1?" }, "destroy d0" },
    { { "abcd", "01", "a0 b0 c0 d0 c1 d1" }, "destroy c0, destroy d0" },
    /* Two on one pair of addresses. */
    { { "ab", "01", "a0 b1 b1" }, "destroy b1" },
    /* An address that is a path no longer. */
    { { "a", "0", "a0 b0", .others = "b" }, "destroy b0" },
    /* A relay that was withdrawn: it is in no list. */
    { { "abc", "01", "a0 b1 c2" }, "destroy c2, create c0" },
    { { "c", "01", "c2", .gone = "" }, "create c0, create c1b" },
    /* A backup that is no longer needed. */
    { { "abc", "012", "a0 b1 b2b c2" }, "destroy b2b" },
  };

  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(NeoPmModel) model = neo_pm_model_new();
    NeoPmConnection *connection = pm_connection(model, &rows[i].text);
    NeoPmHost host = pm_host(&rows[i].text);
    NeoPmSettings settings = { NEO_PM_SPREAD, 250 };
    g_autoptr(GArray) steps = neo_pm_plan(connection, &host, &settings, PM_NOW);
    g_autofree char *shown = show_steps(steps);
    pm_host_clear(&host);
    g_assert_cmpstr(shown, ==, rows[i].expected);
  }
}

/* A connection that has just begun waits for announcements. */
static void test_plan_unsettled(void)
{
  g_autoptr(NeoPmModel) model = neo_pm_model_new();
  PmText text = { "abc", "01", "a0" };
  NeoPmConnection *connection = pm_connection(model, &text);
  NeoPmHost host = pm_host(&text);
  NeoPmSettings settings = { NEO_PM_SPREAD, 250 };

  g_autoptr(GArray) early = neo_pm_plan(connection, &host, &settings, connection->settled_at - 1);
  g_autoptr(GArray) late = neo_pm_plan(connection, &host, &settings, connection->settled_at);
  pm_host_clear(&host);
  g_assert_cmpuint(early->len, ==, 0);
  g_assert_cmpuint(late->len, ==, 2);
}

/* An accepted connection gets what is to be announced, once, and no joins from here. */
static void test_plan_server(void)
{
  g_autoptr(NeoPmModel) model = neo_pm_model_new();
  PmText text = { "abc", "0", "a0" };
  NeoPmConnection *connection = pm_connection(model, &text);
  NeoPmHost host = pm_host(&text);
  NeoPmRemote relays[] = { { .address = pm_local('x'), .id = 21 }, { .address = pm_local('y'), .id = 22 } };

  connection->server_side = TRUE;
  g_array_append_vals(host.signals, relays, 2);
  g_array_append_val(connection->announced, relays[1]);
  g_autoptr(GArray) more = neo_pm_plan(connection, &host, NULL, PM_NOW);
  g_autofree char *shown_more = show_steps(more);
  g_assert_cmpstr(shown_more, ==, "announce x");

  g_array_set_size(host.signals, 0);
  g_autoptr(GArray) none = neo_pm_plan(connection, &host, NULL, PM_NOW);
  g_autofree char *shown_none = show_steps(none);
  g_assert_cmpstr(shown_none, ==, "remove y");

  connection->established = FALSE;
  g_autoptr(GArray) early = neo_pm_plan(connection, &host, NULL, PM_NOW);
  g_assert_cmpuint(early->len, ==, 0);
  pm_host_clear(&host);
}

/* An announcement that brings no join is repeated twice. */
static void test_plan_repeated(void)
{
  g_autoptr(NeoPmModel) model = neo_pm_model_new();
  PmText text = { "abc", "0", "a0" };
  NeoPmConnection *connection = pm_connection(model, &text);
  NeoPmHost host = pm_host(&text);
  NeoPmRemote relays[] = { { .address = pm_local('x'), .id = 21 }, { .address = pm_local('a'), .id = 22 } };
  gint64 now = PM_NOW;
  guint said = 0;

  connection->server_side = TRUE;
  g_array_append_vals(host.signals, relays, 2);
  for (guint i = 0; i < 2; i++)
    neo_pm_connection_announced(connection, &relays[i], now);
  g_autoptr(GArray) early = neo_pm_plan(connection, &host, NULL, now + NEO_PM_REPEAT - 1);
  g_assert_cmpuint(early->len, ==, 0);
  for (guint turn = 0; turn < 5 && neo_pm_connection_next(connection, now); turn++) {
    now = neo_pm_connection_next(connection, now);
    g_autoptr(GArray) steps = neo_pm_plan(connection, &host, NULL, now);
    g_autofree char *shown = show_steps(steps);
    /* A subflow came to the other one. */
    g_assert_cmpstr(shown, ==, "announce x");
    for (guint i = 0; i < 2; i++)
      neo_pm_connection_announced(connection, &relays[i], now);
    said++;
  }
  g_assert_cmpuint(said, ==, NEO_PM_REPEATS);
  pm_host_clear(&host);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/pm-pairing/spread", test_spread);
  g_test_add_func("/pm-pairing/spread-evenly", test_spread_evenly);
  g_test_add_func("/pm-pairing/fullmesh", test_fullmesh);
  g_test_add_func("/pm-pairing/direct", test_direct);
  g_test_add_func("/pm-pairing/deny-initial", test_deny_initial);
  g_test_add_func("/pm-plan/client", test_plan);
  g_test_add_func("/pm-plan/unsettled", test_plan_unsettled);
  g_test_add_func("/pm-plan/server", test_plan_server);
  g_test_add_func("/pm-plan/repeated", test_plan_repeated);
  return g_test_run();
}
