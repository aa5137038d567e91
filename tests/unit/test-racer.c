/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "common/error.h"
#include "racer/endpoint.h"
#include "racer/settings.h"
#include "racer/srv.h"
#include "racer/status.h"
#include "racer/targets.h"
#include "racer/timers.h"
#include "racer/trial.h"

static void test_endpoint_good(void)
{
  static const struct { const char *text, *host, *address; guint16 port; } good[] = {
    { "192.0.2.1:1", NULL, "192.0.2.1", 1 },
    { "192.0.2.1:65535", NULL, "192.0.2.1", 65535 },
    { "[2001:db8::1]:443", NULL, "2001:db8::1", 443 },
    { "[::1]:80", NULL, "::1", 80 },
    { "localhost:80", "localhost", NULL, 80 },
    { "Proxy-1.example.org:443", "Proxy-1.example.org", NULL, 443 },
    { "proxy.example.org.:443", "proxy.example.org.", NULL, 443 },
    { "_a.b2:443", "_a.b2", NULL, 443 },
    { "1a:443", "1a", NULL, 443 },
    { "a:443@192.0.2.1", "a", NULL, 443 },
    { "srv:_a._tcp.example.org", NULL, NULL, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS(good); i++) {
    NeoConfigProblem problem;
    g_autoptr(RacerEndpoint) endpoint = racer_endpoint_parse(good[i].text, &problem);
    g_assert_nonnull(endpoint);
    g_assert_cmpstr(endpoint->text, ==, good[i].text);
    g_assert_cmpstr(endpoint->host, ==, good[i].host);
    g_assert_cmpuint(endpoint->port, ==, good[i].port);
    if (good[i].address) {
      g_autofree char *address = neo_address_to_string(&endpoint->address);
      g_assert_cmpstr(address, ==, good[i].address);
    }
  }
}

static void test_endpoint_bad(void)
{
  static const struct { const char *text, *what; } bad[] = {
    { "", "no port in" },
    { ":", "neither an address nor a name in" },
    { ":80", "neither an address nor a name in" },
    { "192.0.2.1", "no port in" },
    { "192.0.2.1:", "no port from 1 to 65535 in" },
    { "192.0.2.1:0", "no port from 1 to 65535 in" },
    { "192.0.2.1:65536", "no port from 1 to 65535 in" },
    { "192.0.2.1:-1", "no port from 1 to 65535 in" },
    { "192.0.2.1:80x", "no port from 1 to 65535 in" },
    { "192.0.2.256:80", "neither an address nor a name in" },
    { "192.0.2:80", "neither an address nor a name in" },
    { "2001:db8::1:80", "no brackets around the IPv6 address in" },
    { "[2001:db8::1]", "no port in" },
    { "[2001:db8::1:80", "no port in" },
    { "[192.0.2.1]:80", "neither an address nor a name in" },
    { "[localhost]:80", "neither an address nor a name in" },
    { "[]:80", "neither an address nor a name in" },
    { "224.0.0.1:80", "a multicast address in" },
    { "[ff02::1]:80", "a multicast address in" },
    { "a..b:80", "neither an address nor a name in" },
    { ".a:80", "neither an address nor a name in" },
    { "-a:80", "neither an address nor a name in" },
    { "a-:80", "neither an address nor a name in" },
    { "srv:", "no name of a service in" },
    { "srv:_a.b", "no name of a service in" },
    { "srv:_._tcp.example", "no name of a service in" },
    { "srv:_a._tcp.exa mple", "no name of a service in" },
    { "a:80@", "neither an address nor an interface behind the @ in" },
    { "a:80@eth/0", "neither an address nor an interface behind the @ in" },
    { "a:80@abcdefghijklmnop", "neither an address nor an interface behind the @ in" },
    { "192.0.2.1:80@::1", "an address of the other family behind the @ in" },
    { "@192.0.2.1", "no port in" },
    { "a/b:80", "neither an address nor a name in" },
    { "h\xc3\xa4:80", "neither an address nor a name in" },
  };

  for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
    NeoConfigProblem problem = { 0 };
    g_assert_null(racer_endpoint_parse(bad[i].text, &problem));
    g_assert_cmpstr(problem.what, ==, bad[i].what);
  }
}

static void test_endpoint_source(void)
{
  NeoConfigProblem problem;
  g_autoptr(RacerEndpoint) one = racer_endpoint_parse("192.0.2.1:1@192.0.2.9", &problem);
  g_autoptr(RacerEndpoint) two = racer_endpoint_parse("192.0.2.1:1@neo1", &problem);
  g_autoptr(RacerEndpoint) service = racer_endpoint_parse("srv:_px._tcp.example.org@neo1", &problem);
  g_autoptr(RacerEndpoint) child = racer_endpoint_new_child(service, "px1.example.org", 443);

  g_assert_cmpint(one->bind.family, ==, AF_INET);
  g_assert_cmpstr(two->device, ==, "neo1");
  g_assert_cmpint(two->bind.family, ==, AF_UNSPEC);
  g_assert_false(racer_endpoint_same_source(one, two));
  g_assert_true(racer_endpoint_same_source(two, child));
  g_assert_cmpstr(service->srv, ==, "_px._tcp.example.org");
  g_assert_cmpstr(child->text, ==, "px1.example.org:443");
  racer_endpoint_won(child, 250);
  racer_endpoint_failed(child);
  g_assert_cmpint(service->won, ==, 1);
  g_assert_cmpint(service->failed, ==, 1);
}

static void test_srv(void)
{
  static const struct { guint16 priority, weight, port; const char *target; } answer[] = {
    { 20, 1, 443, "c.example" }, { 10, 1, 443, "b.example." }, { 10, 5, 443, "a.example" }, { 30, 0, 443, "a.example" },
    { 10, 1, 0, "zero.example" }, { 0, 0, 443, "." },
  };
  GList *list = NULL;

  for (guint i = 0; i < G_N_ELEMENTS(answer); i++)
    list = g_list_append(list, g_variant_ref_sink(g_variant_new("(qqqs)", answer[i].priority, answer[i].weight, answer[i].port, answer[i].target)));
  g_autoptr(GArray) records = racer_srv_read(list), none = racer_srv_read(NULL);
  g_list_free_full(list, (GDestroyNotify)g_variant_unref);
  g_assert_cmpuint(records->len, ==, 3);
  g_assert_cmpstr(g_array_index(records, RacerSrv, 0).target, ==, "a.example");
  g_assert_cmpstr(g_array_index(records, RacerSrv, 1).target, ==, "b.example");
  g_assert_cmpstr(g_array_index(records, RacerSrv, 2).target, ==, "c.example");
  g_assert_true(racer_srv_equal(records, records));
  g_assert_false(racer_srv_equal(records, none));
}

/* What two endpoints have won after many draws follows their weights; a far one and one of another priority get nothing. */
static void test_spread(void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(RacerSettings) settings = racer_settings_parse("f", "[Racer]\nEndpoints=192.0.2.1:1\nPolicy=spread\n", &error);
  g_autoptr(RacerTargets) targets = racer_targets_new(settings);
  static const struct { guint priority, weight, usual; } given[] = { { 1, 30, 20000 }, { 1, 10, 25000 }, { 1, 10, 90000 }, { 2, 10, 20000 } };
  guint drawn[G_N_ELEMENTS(given)] = { 0 };

  for (guint i = 0; i < G_N_ELEMENTS(given); i++) {
    NeoAddress address;
    g_assert_true(neo_address_parse("192.0.2.1", &address));
    racer_targets_add(targets, settings->endpoints->pdata[0], &address, given[i].priority, given[i].weight);
    g_assert_null(racer_targets_favourite(targets, 0));
  }
  RacerTarget *all = (RacerTarget *)targets->addresses->data;
  for (guint i = 0; i < G_N_ELEMENTS(given); i++)
    racer_targets_learn(targets, &all[i], given[i].usual, TRUE, 0);
  for (guint i = 0; i < 4000; i++)
    drawn[racer_targets_favourite(targets, 0) - all]++;
  g_assert_cmpuint(drawn[0], >, 2700);
  g_assert_cmpuint(drawn[1], >, 700);
  g_assert_cmpuint(drawn[2] + drawn[3], ==, 0);
  racer_targets_forget(targets, &all[0], 0);
  g_assert_true(racer_targets_favourite(targets, 0) == &all[1]);
  g_assert_cmpuint(racer_targets_patience(targets, &all[1]), ==, 25000 + 12500 + 5000);
}

static void test_endpoint_lengths(void)
{
  NeoConfigProblem problem;
  g_autofree char *label = g_strnfill(63, 'a'), *long_label = g_strnfill(64, 'a');
  g_autofree char *good = g_strconcat(label, ":1", NULL), *bad = g_strconcat(long_label, ":1", NULL);
  g_autofree char *name = g_strjoin(".", label, label, label, label, NULL);
  g_autofree char *too_long = g_strconcat(name, ":1", NULL);
  g_autofree char *longest = g_strconcat(name + 2, ":1", NULL); /* 253 of 255 */
  g_autoptr(RacerEndpoint) one = racer_endpoint_parse(good, &problem);
  g_autoptr(RacerEndpoint) two = racer_endpoint_parse(longest, &problem);

  g_assert_nonnull(one);
  g_assert_nonnull(two);
  g_assert_null(racer_endpoint_parse(bad, &problem));
  g_assert_null(racer_endpoint_parse(too_long, &problem));
}

static void test_settings(void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(RacerSettings) settings = racer_settings_parse(
    "f", "[Racer]\nEndpoints=192.0.2.1:1, [::1]:2\nEndpoints=a:3\nMptcp=require\nConnectTimeout=5s\nListen=[::]:80\nListenMptcp=yes\n", &error);

  g_assert_no_error(error);
  g_assert_cmpuint(settings->endpoints->len, ==, 3);
  g_assert_cmpuint(settings->sockets.mptcp, ==, RACER_MPTCP_REQUIRE);
  g_assert_cmpuint(settings->connect_timeout, ==, 5000);
  g_assert_cmpuint(settings->idle_timeout, ==, 0);
  g_assert_cmpuint(settings->exit_idle_time, ==, 0);
  g_assert_cmpuint(settings->listen->len, ==, 1);
  g_assert_true(settings->listen_mptcp);

  g_autoptr(RacerSettings) activated = racer_settings_parse("f", "[Racer]\nEndpoints=a:3\nRace=staggered\nRemember=1min\n", &error);
  g_assert_no_error(error);
  g_assert_cmpuint(activated->exit_idle_time, ==, 5 * 60 * 1000);
  g_assert_cmpuint(activated->race, ==, RACER_RACE_STAGGERED);
  g_assert_cmpuint(activated->remember, ==, 60 * 1000);
}

static void test_status(void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(RacerSettings) settings = racer_settings_parse("f", "[Racer]\nEndpoints=px:1 ra:2\n", &error);

  ((RacerEndpoint *)settings->endpoints->pdata[0])->won = 12;
  ((RacerEndpoint *)settings->endpoints->pdata[0])->connect_usec = 31240;
  ((RacerEndpoint *)settings->endpoints->pdata[1])->won = 3;
  g_autofree char *status = racer_status(settings->endpoints, 4, 5);
  g_assert_cmpstr(status, ==, "4 open; won: px:1 12 (31240 us), ra:2 3; failed 5");
}

static void test_trial_text(void)
{
  RacerTrial items[] = {
    { .endpoint = "a:1", .address = "192.0.2.1", .connect_usec = 1500, .mptcp = TRUE, .winner = TRUE },
    { .endpoint = "b:22", .failure = "say \"no\" \\" },
  };
  g_autoptr(GArray) trials = g_array_new(FALSE, FALSE, sizeof(RacerTrial));

  g_array_append_vals(trials, items, G_N_ELEMENTS(items));
  g_autofree char *json = racer_trial_json(trials);
  g_assert_cmpstr(json, ==,
    "[{\"endpoint\":\"a:1\",\"address\":\"192.0.2.1\",\"connect_ms\":1.500,\"mptcp\":true,\"winner\":true,\"failure\":null},\n"
    " {\"endpoint\":\"b:22\",\"address\":null,\"connect_ms\":null,\"mptcp\":false,\"winner\":false,\"failure\":\"say \\\"no\\\" \\\\\"}]\n");
  g_autofree char *table = racer_trial_table(trials);
  g_assert_nonnull(strstr(table, "a:1       192.0.2.1"));
  g_assert_nonnull(strstr(table, "1.500  yes    winner\n"));
  g_assert_nonnull(strstr(table, "-  -      say \"no\" \\\n"));
}

/* Random settings and clearings; the heap must give the same first as a walk over all. */
static void test_timers(void)
{
  RacerTimer timers[40] = { 0 };
  g_autoptr(GPtrArray) heap = g_ptr_array_new();

  for (guint round = 0; round < 20000; round++) {
    RacerTimer *timer = &timers[g_test_rand_int_range(0, G_N_ELEMENTS(timers))];
    if (g_test_rand_int_range(0, 3) == 0)
      racer_timers_clear(heap, timer);
    else
      racer_timers_set(heap, timer, g_test_rand_int_range(0, 1000));
    gint64 least = G_MAXINT64;
    guint set = 0;
    for (guint i = 0; i < G_N_ELEMENTS(timers); i++)
      if (timers[i].place) {
        least = MIN(least, timers[i].due);
        set++;
        g_assert_true(heap->pdata[timers[i].place - 1] == &timers[i]);
      }
    g_assert_cmpuint(heap->len, ==, set);
    g_assert_true(set == 0 || racer_timers_first(heap)->due == least);
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/racer/endpoint/good", test_endpoint_good);
  g_test_add_func("/racer/endpoint/bad", test_endpoint_bad);
  g_test_add_func("/racer/endpoint/lengths", test_endpoint_lengths);
  g_test_add_func("/racer/endpoint/source", test_endpoint_source);
  g_test_add_func("/racer/srv", test_srv);
  g_test_add_func("/racer/spread", test_spread);
  g_test_add_func("/racer/settings", test_settings);
  g_test_add_func("/racer/status", test_status);
  g_test_add_func("/racer/trial-text", test_trial_text);
  g_test_add_func("/racer/timers", test_timers);
  return g_test_run();
}
