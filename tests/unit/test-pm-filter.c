/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "paths/pm-filter.h"
#include "paths/pm-host.h"
#include "paths/pm-plan.h"
#include "paths/pm-retry.h"
#include "tests/unit/pm-text.h"

/* --- addresses --- */

static NeoAddress parse(const char *text)
{
  NeoAddress address;

  g_assert_true(neo_address_parse(text, &address));
  return address;
}

/* The host's own addresses in the table below. */
static GArray *make_locals(void)
{
  GArray *locals = g_array_new(FALSE, FALSE, sizeof(NeoPmPath));
  NeoPmPath paths[] = { { parse("198.51.100.11"), 1 }, { parse("10.0.0.2"), 2 }, { parse("2001:db8:77::11"), 1 } };

  g_array_append_vals(locals, paths, G_N_ELEMENTS(paths));
  return locals;
}

/* Each range with what is just outside of it. */
static const struct {
  const char *announced, *initial, *refused;
} addresses[] = {
  { "192.0.2.11", "192.0.2.10", NULL },
  { "2001:db8::11", "192.0.2.10", NULL },
  { "192.0.2.11", "2001:db8::10", NULL },

  { "0.0.0.0", "192.0.2.10", "no host's (0.0.0.0/8)" },
  { "0.255.255.255", "192.0.2.10", "no host's (0.0.0.0/8)" },
  { "1.0.0.0", "192.0.2.10", NULL },
  { "126.255.255.255", "192.0.2.10", NULL },
  { "127.0.0.1", "192.0.2.10", "loopback" },
  { "127.255.255.255", "192.0.2.10", "loopback" },
  { "128.0.0.0", "192.0.2.10", NULL },
  { "169.253.255.255", "192.0.2.10", NULL },
  { "169.254.0.0", "192.0.2.10", "link-local" },
  { "169.254.169.254", "192.0.2.10", "link-local" },
  { "169.255.0.0", "192.0.2.10", NULL },
  { "223.255.255.255", "192.0.2.10", NULL },
  { "224.0.0.1", "192.0.2.10", "multicast" },
  { "239.255.255.255", "192.0.2.10", "multicast" },
  { "240.0.0.0", "192.0.2.10", "reserved or broadcast" },
  { "255.255.255.255", "192.0.2.10", "reserved or broadcast" },
  { "::", "192.0.2.10", "no host's (::/96)" },
  { "::127.0.0.1", "192.0.2.10", "no host's (::/96)" },
  { "::1", "192.0.2.10", "loopback" },
  { "fe80::1", "192.0.2.10", "link-local" },
  { "febf::1", "192.0.2.10", "link-local" },
  { "ff02::1", "192.0.2.10", "multicast" },

  { "198.51.100.11", "192.0.2.10", "this host's own" },
  { "2001:db8:77::11", "192.0.2.10", "this host's own" },
  { "10.0.0.2", "10.0.9.9", "this host's own" },
  { "198.51.100.12", "192.0.2.10", NULL },

  { "9.255.255.255", "192.0.2.10", NULL },
  { "10.0.0.1", "192.0.2.10", "private" },
  { "10.255.255.255", "192.0.2.10", "private" },
  { "11.0.0.0", "192.0.2.10", NULL },
  { "100.63.255.255", "192.0.2.10", NULL },
  { "100.64.0.1", "192.0.2.10", "private (100.64.0.0/10)" },
  { "100.127.255.255", "192.0.2.10", "private (100.64.0.0/10)" },
  { "100.128.0.0", "192.0.2.10", NULL },
  { "172.15.255.255", "192.0.2.10", NULL },
  { "172.16.0.1", "192.0.2.10", "private" },
  { "172.31.255.255", "192.0.2.10", "private" },
  { "172.32.0.0", "192.0.2.10", NULL },
  { "192.167.255.255", "192.0.2.10", NULL },
  { "192.168.1.1", "192.0.2.10", "private" },
  { "192.168.1.1", "2001:db8::10", "private" },
  { "192.169.0.0", "192.0.2.10", NULL },
  { "fbff::1", "192.0.2.10", NULL },
  { "fc00::1", "192.0.2.10", "private" },
  { "fdff::1", "2001:db8::10", "private" },
  { "fec0::1", "192.0.2.10", "private" },

  /* Inside a campus; on one host. */
  { "10.0.0.1", "10.9.9.9", NULL },
  { "192.168.1.1", "100.64.0.1", NULL },
  { "fd00::1", "172.16.0.1", NULL },
  { "192.0.2.11", "10.9.9.9", NULL },
  { "10.0.0.1", "127.0.0.1", NULL },
  { "127.0.0.2", "127.0.0.1", "loopback" },
  { "224.0.0.1", "10.9.9.9", "multicast" },

  /* What the user connected to, again. */
  { "127.0.0.1", "127.0.0.1", NULL },
  { "10.0.0.2", "10.0.0.2", NULL },
  { "::ffff:127.0.0.1", "127.0.0.1", NULL },

  { "::ffff:192.0.2.11", "192.0.2.10", NULL },
  { "::ffff:127.0.0.1", "192.0.2.10", "loopback" },
  { "::ffff:224.0.0.1", "192.0.2.10", "multicast" },
  { "::ffff:198.51.100.11", "192.0.2.10", "this host's own" },
  { "::ffff:10.0.0.1", "192.0.2.10", "private" },
  { "::ffff:10.0.0.1", "::ffff:192.0.2.10", "private" },
  { "::ffff:10.0.0.1", "::ffff:10.9.9.9", NULL },
};

static void test_addresses(void)
{
  g_autoptr(GArray) locals = make_locals();

  for (guint i = 0; i < G_N_ELEMENTS(addresses); i++) {
    NeoAddress announced = parse(addresses[i].announced), initial = parse(addresses[i].initial);
    g_test_message("%s, connected to %s", addresses[i].announced, addresses[i].initial);
    g_assert_cmpstr(neo_pm_refuse_address(&announced, &initial, locals), ==, addresses[i].refused);
  }
}

/* --- floods --- */

typedef struct {
  NeoPmModel *model;
  NeoPmHost host;
  NeoPmConnection *connection;
} Scene;

static Scene make_scene(const char *paths)
{
  PmText text = { paths, "0", "a0" };
  NeoPmModel *model = neo_pm_model_new();
  return (Scene){ model, pm_host(&text), pm_connection(model, &text) };
}

static void scene_clear(Scene *scene)
{
  neo_pm_model_free(scene->model);
  pm_host_clear(&scene->host);
}

/* 9.x.y.z: the remote of this number. */
static NeoAddress numbered(guint number)
{
  return (NeoAddress){ .family = AF_INET, .bytes = { 9, number >> 16, number >> 8, number } };
}

/* What was said of the announcement of @address under @id. */
static const char *announce(Scene *scene, NeoAddress address, guint8 id)
{
  NeoPmEvent event = { .kind = NEO_PM_ANNOUNCED, .token = 1, .remote = address, .remote_port = 443, .remote_id = id };
  const char *refused = NULL;

  g_assert_true(neo_pm_filter_apply(scene->model, &scene->host, &event, PM_NOW, &refused) == scene->connection);
  return refused;
}

static void test_intake(void)
{
  g_auto(GStrv) bad = g_strsplit("127.0.0.1 224.0.0.1 10.1.2.3 10.0.0.1", " ", -1);
  Scene scene = make_scene("ab");
  NeoPmEvent unknown = { .kind = NEO_PM_ANNOUNCED, .token = 2, .remote = parse("127.0.0.1"), .remote_id = 1 };
  const char *refused = NULL;

  for (guint i = 0; bad[i]; i++)
    g_assert_nonnull(announce(&scene, parse(bad[i]), 21 + i));
  g_assert_cmpuint(scene.connection->remotes->len, ==, 1);
  g_assert_null(announce(&scene, parse("192.0.2.11"), 21));
  g_assert_cmpuint(scene.connection->remotes->len, ==, 2);
  /* A good address does not give its place to a bad one. */
  g_assert_cmpstr(announce(&scene, parse("127.0.0.1"), 21), ==, "loopback");
  g_assert_cmpuint(scene.connection->remotes->len, ==, 2);
  g_assert_null(neo_pm_filter_apply(scene.model, &scene.host, &unknown, PM_NOW, &refused));
  g_assert_null(refused);
  scene_clear(&scene);
}

static void test_announcements(void)
{
  Scene scene = make_scene("ab");

  for (guint i = 1; i <= 255; i++)
    g_assert_cmpstr(announce(&scene, numbered(i), i), ==, i <= NEO_PM_MAX_ANNOUNCED ? NULL : "one more than 64");
  g_assert_cmpuint(scene.connection->remotes->len, ==, 1 + NEO_PM_MAX_ANNOUNCED);
  /* Again, another in the place of the first, the initial one: none of them is one more. */
  g_assert_null(announce(&scene, numbered(64), 64));
  g_assert_null(announce(&scene, numbered(65), 1));
  g_assert_null(announce(&scene, numbered(65), 200));
  g_assert_null(announce(&scene, pm_remote('0'), 201));
  g_assert_cmpuint(scene.connection->remotes->len, ==, 1 + NEO_PM_MAX_ANNOUNCED);
  NeoPmEvent withdrawn = { .kind = NEO_PM_REMOVED, .token = 1, .remote_id = 2 };
  neo_pm_model_apply(scene.model, &withdrawn, PM_NOW);
  g_assert_null(announce(&scene, numbered(66), 66));
  g_assert_nonnull(announce(&scene, numbered(67), 67));
  scene_clear(&scene);
}

static NeoPmEvent closed(const NeoAddress *remote)
{
  return (NeoPmEvent){ .kind = NEO_PM_SUB_CLOSED, .token = 1, .local = pm_local('b'), .remote = *remote, .local_port = 1001, .remote_port = 443 };
}

/* A peer names one address after the other under one id, and each join fails. */
static void test_failures(void)
{
  Scene scene = make_scene("ab");
  NeoAddress b = pm_local('b'), first = numbered(0), last = { 0 };

  for (guint i = 0; i < 4 * NEO_PM_MAX_FAILED; i++) {
    NeoPmSubflow subflow = { .local = b, .remote = last = numbered(i), .remote_port = 443, .local_id = 1, .since = PM_NOW };
    NeoPmEvent event = closed(&last);
    announce(&scene, last, 1);
    neo_pm_connection_joining(scene.connection, &subflow);
    neo_pm_model_apply(scene.model, &event, PM_NOW + i);
  }
  g_assert_cmpuint(g_hash_table_size(scene.connection->retries), ==, NEO_PM_MAX_FAILED);
  g_assert_cmpuint(scene.connection->remotes->len, ==, 2);
  g_assert_cmpuint(scene.connection->subflows->len, ==, 1);
  g_assert_cmpuint(scene.connection->ids->len, ==, 2);
  g_assert_true(neo_pm_connection_waits(scene.connection, &b, &last, PM_NOW));
  g_assert_false(neo_pm_connection_waits(scene.connection, &b, &first, PM_NOW));
  neo_pm_connection_forgive(scene.connection, &b);
  g_assert_cmpuint(g_hash_table_size(scene.connection->retries), ==, 0);
  scene_clear(&scene);
}

static guint count_joins(const Scene *scene, gint64 now)
{
  static const NeoPmSettings settings = { NEO_PM_FULLMESH, 1000 };
  g_autoptr(GArray) steps = neo_pm_plan(scene->connection, &scene->host, &settings, now);
  guint joins = 0;

  for (guint i = 0; i < steps->len; i++)
    joins += g_array_index(steps, NeoPmStep, i).kind == NEO_PM_CREATE;
  return joins;
}

static void spend(Scene *scene, guint joins, gint64 now)
{
  for (guint i = 0; i < joins; i++)
    neo_pm_connection_spend_join(scene->connection, now);
}

/* All of a connection's joins at once, then so many in a second, whatever there would be to join to. */
static void test_joins(void)
{
  Scene scene = make_scene("abcdefgh");
  gint64 now = PM_NOW;

  for (guint i = 1; i <= NEO_PM_MAX_ANNOUNCED; i++)
    announce(&scene, numbered(i), i);
  g_assert_cmpuint(count_joins(&scene, now), ==, NEO_PM_JOIN_BURST);
  g_assert_cmpint(neo_pm_connection_next(scene.connection, now), ==, 0);
  spend(&scene, NEO_PM_JOIN_BURST, now);
  g_assert_cmpuint(count_joins(&scene, now), ==, 0);
  g_assert_cmpint(neo_pm_connection_next(scene.connection, now), ==, now + NEO_PM_JOIN_INTERVAL);
  now += NEO_PM_JOIN_INTERVAL;
  g_assert_cmpuint(count_joins(&scene, now - 1), ==, 0);
  g_assert_cmpuint(count_joins(&scene, now), ==, 1);
  spend(&scene, 1, now);
  g_assert_cmpuint(count_joins(&scene, now + G_USEC_PER_SEC), ==, G_USEC_PER_SEC / NEO_PM_JOIN_INTERVAL);
  g_assert_cmpuint(neo_pm_connection_joins_left(scene.connection, now + 100 * G_USEC_PER_SEC), ==, NEO_PM_JOIN_BURST);
  scene_clear(&scene);
}

/* A client that opens subflows without end. */
static void test_accepted(void)
{
  static const NeoPmSettings settings = { NEO_PM_SPREAD, 1 };
  Scene scene = make_scene("");

  scene.connection->server_side = TRUE;
  for (guint i = 1; i < NEO_PM_MAX_ACCEPTED + 3; i++) {
    NeoPmEvent event = { .kind = NEO_PM_SUB_ESTABLISHED, .token = 1, .local = pm_local('a'), .remote = numbered(i), .local_port = 443, .remote_port = i };
    neo_pm_model_apply(scene.model, &event, PM_NOW);
  }
  g_autoptr(GArray) steps = neo_pm_plan(scene.connection, &scene.host, &settings, PM_NOW);
  g_assert_cmpuint(steps->len, ==, 3);
  for (guint i = 0; i < steps->len; i++) {
    const NeoPmStep *step = &g_array_index(steps, NeoPmStep, i);
    g_assert_cmpint(step->kind, ==, NEO_PM_DESTROY);
    g_assert_cmpuint(step->subflow.remote_port, ==, NEO_PM_MAX_ACCEPTED + i);
  }
  g_assert_cmpuint(scene.connection->remotes->len, ==, 1);
  scene_clear(&scene);
}

/* What a lease may give a path: an address that leads nowhere is the host's, and nothing is joined from it. */
static void test_own(void)
{
  g_autoptr(NeoObserved) seen = neo_observed_new();
  g_autoptr(GArray) paths = g_array_new(FALSE, FALSE, sizeof(NeoPath)), mine = NULL, all = NULL;
  NeoLink link = { .index = 1, .name = "neo1", .running = TRUE };
  NeoPath path = { AF_INET, 1, 1001, 0 };

  g_array_append_val(seen->links, link);
  g_array_append_val(paths, path);
  for (const char *const *text = (const char *const[]){ "127.0.0.2", "198.51.100.11", "240.0.0.1", NULL }; *text; text++) {
    NeoLocal local = { .link = 1, .address = parse(*text) };
    g_array_append_val(seen->locals, local);
  }
  neo_pm_addresses(seen, paths, &mine, &all);
  g_assert_cmpuint(all->len, ==, 3);
  g_assert_cmpuint(mine->len, ==, 1);
  NeoAddress good = parse("198.51.100.11");
  g_assert_true(neo_address_equal(&g_array_index(mine, NeoPmPath, 0).address, &good));
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/pm-filter/addresses", test_addresses);
  g_test_add_func("/pm-filter/intake", test_intake);
  g_test_add_func("/pm-filter/announcements", test_announcements);
  g_test_add_func("/pm-filter/failures", test_failures);
  g_test_add_func("/pm-filter/joins", test_joins);
  g_test_add_func("/pm-filter/accepted", test_accepted);
  g_test_add_func("/pm-filter/own", test_own);
  return g_test_run();
}
