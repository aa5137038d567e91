/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <math.h>
#include <string.h>

#include "cli/exposition.h"
#include "cli/prometheus.h"
#include "tests/unit/assert.h"

static void test_labels(void)
{
  take(neo_exposition_labels("a", "b", NULL), "a=\"b\"");
  take(neo_exposition_labels("a", "", "c", NULL, "d", "e f", NULL), "a=\"\",d=\"e f\"");
  take(neo_exposition_labels("a", "\\ \" \n { } ,", NULL), "a=\"\\\\ \\\" \\n { } ,\"");
  take(neo_exposition_labels("a", "\xff\n\xc3\xa4", NULL), "a=\"\xef\xbf\xbd\\n\xc3\xa4\"");
  take(neo_exposition_labels("a", NULL, NULL), "");
}

static double number(gconstpointer item)
{
  return *(const double *)item;
}

static void test_metric(void)
{
  static const double values[] = { 0, 0.0332, 1e9 + 1, (double)G_MAXUINT64, NAN, 7 };
  static const char *const labels[] = { "", "a=\"1\"", "a=\"2\"", "a=\"3\"", "a=\"4\"", "a=\"1\"" };
  const NeoMetric gauge = { "some_seconds", "What it is.", FALSE, number }, counter = { "some_total", "More.", TRUE, number };
  g_autoptr(GArray) series = neo_series_new();
  g_autoptr(GString) text = g_string_new(NULL);

  neo_exposition_add(text, &gauge, series);
  g_assert_cmpstr(text->str, ==, "");
  neo_series_add(series, g_strdup("x=\"1\""), &values[4]);
  neo_exposition_add(text, &gauge, series);
  g_assert_cmpstr(text->str, ==, "");
  for (guint i = 0; i < G_N_ELEMENTS(values); i++)
    neo_series_add(series, g_strdup(labels[i]), &values[i]);
  neo_exposition_add(text, &gauge, series);
  g_array_set_size(series, 2);
  neo_exposition_add(text, &counter, series);
  g_assert_cmpstr(text->str, ==,
                  "# HELP some_seconds What it is.\n# TYPE some_seconds gauge\n"
                  "some_seconds 0\nsome_seconds{a=\"1\"} 0.0332\nsome_seconds{a=\"2\"} 1000000001\nsome_seconds{a=\"3\"} 1.84467440737096e+19\n"
                  "# HELP some_total More.\n# TYPE some_total counter\nsome_total 0\n");
}

static void test_netstat(void)
{
  static const char *const wrong[] = { "", "MPTcpExt: A B", "MPTcpExt: A\nTcpExt: 1\n", "MPTcpExt: A\nMPTcpExt: -1\n", "MPTcpExt: A\nMPTcpExt: x\n",
                                       "MPTcpExt: A\nMPTcpExt: 18446744073709551616\n", "MPTcpExt: \nMPTcpExt: 1\n", "\n\n\n" };
  g_autoptr(GHashTable) counters = neo_netstat_parse("TcpExt: A B\nTcpExt: 1 2\nMPTcpExt: C D E\nMPTcpExt: 3 18446744073709551615\nIpExt: F\nIpExt: 4\n");

  g_assert_cmpuint(g_hash_table_size(counters), ==, 2);
  g_assert_cmpuint(*(guint64 *)g_hash_table_lookup(counters, "C"), ==, 3);
  g_assert_cmpuint(*(guint64 *)g_hash_table_lookup(counters, "D"), ==, G_MAXUINT64);
  for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
    g_autoptr(GHashTable) none = neo_netstat_parse(wrong[i]);
    g_assert_cmpuint(g_hash_table_size(none), ==, 0);
  }
}

static void add_paths(NeoStatus *status)
{
  NeoStatusPath paths[] = {
    { .interface = "neo1", .address = address("198.51.100.181"), .lease = 43080, .state = "up", .subflows = 1, .rtt_us = 33200, .retransmits = 3,
      .traffic = { 6000000, 60000, 3e6, 3e4 } },
    { .interface = "neo2", .address = address("2001:db8::2"), .lease = G_MAXUINT32, .state = "no rule" },
    { .interface = "neo3", .state = "down" },
    { .interface = "neo3", .state = "down" }, /* the same of the other family */
  };

  g_array_append_vals(status->paths, paths, G_N_ELEMENTS(paths));
}

static void add_connections(NeoStatus *status)
{
  for (guint i = 0; i < 3; i++) {
    NeoStatusConnection *connection = neo_status_connection_new();
    connection->fallback = i == 2;
    g_ptr_array_add(status->connections, connection);
  }
  status->subflows = 5;
}

static void add_services(NeoStatus *status)
{
  NeoStatusRelay *relay = neo_status_relay_new("ma\"in"), *unseen = neo_status_relay_new("second");
  NeoStatusProxy *proxy = neo_status_proxy_new("main"), *hidden = neo_status_proxy_new("hidden");
  NeoStatusRacer *racer = neo_status_racer_new("8443"), *idle = neo_status_racer_new("1");
  NeoStatusAnnounced announced = { .address = address("192.0.2.11"), .relay = TRUE, .announced = TRUE, .subflows = 2, .traffic = { 1000, 2000, -1, -1 } };
  NeoStatusWins wins = { g_strdup("[2001:db8::1]:443"), 12, 30400 }, none = { .endpoint = g_strdup("px:443") };

  relay->rules = 2;
  relay->flows = 0;
  relay->bytes = 5000;
  relay->packets = 50;
  relay->limited = 7;
  relay->refused = 4;
  relay->service = g_strdup("failed");
  proxy->up = proxy->seen = hidden->up = TRUE;
  proxy->connections = 1;
  proxy->service_state = g_strdup("active");
  g_array_append_val(proxy->announced, announced);
  g_array_append_val(hidden->announced, announced);
  racer->running = TRUE;
  racer->open = 3;
  racer->failed = 4;
  racer->socket_state = g_strdup("active");
  g_array_append_val(racer->wins, wins);
  g_array_append_val(idle->wins, none);
  g_ptr_array_add(status->relays, relay);
  g_ptr_array_add(status->relays, unseen);
  g_ptr_array_add(status->proxies, proxy);
  g_ptr_array_add(status->proxies, hidden);
  g_ptr_array_add(status->racers, racer);
  g_ptr_array_add(status->racers, idle);
}

/* What has no series is in no metric: @text has each of @lines, and else no sample whose name begins with @prefix. */
static void assert_samples(const char *text, const char *prefix, const char *const *lines)
{
  g_auto(GStrv) all = g_strsplit(text, "\n", -1);
  guint wanted = 0;

  for (char **line = all; *line; line++) {
    if (!g_str_has_prefix(*line, prefix))
      continue;
    g_assert_cmpstr(*line, ==, lines[wanted]);
    wanted++;
  }
  g_assert_null(lines[wanted]);
}

static void test_status(void)
{
  g_autoptr(NeoStatus) status = neo_status_new();

  add_paths(status);
  add_connections(status);
  add_services(status);
  status->gateway = status->mptcp = TRUE;
  neo_status_unseen(status, "units");
  g_autofree char *text = neo_status_to_prometheus(status, "MPTcpExt: MPCapableFallbackACK FallbackFailed MPJoinAckRx\nMPTcpExt: 3 4 5\n");
  assert_samples(text, "neo_role", (const char *const[]){ "neo_role{role=\"gateway\"} 1", "neo_role{role=\"relay\"} 1", "neo_role{role=\"proxy\"} 1", "neo_role{role=\"racer\"} 1", NULL });
  assert_samples(text, "neo_status", (const char *const[]){ "neo_status_complaints 0", "neo_status_unseen 1", NULL });
  assert_samples(text, "neo_mptcp",
                 (const char *const[]){ "neo_mptcp_enabled 1", "neo_mptcp_connections 2", "neo_mptcp_fallback_connections 1", "neo_mptcp_subflows 5",
                                        "neo_mptcp_fallbacks_total{counter=\"MPCapableFallbackACK\"} 3", "neo_mptcp_joins_total{direction=\"accepted\"} 5", NULL });
  assert_samples(text, "neo_path_lease", (const char *const[]){ "neo_path_lease_seconds{device=\"neo1\",address=\"198.51.100.181\"} 43080", NULL });
  assert_samples(text, "neo_path_rtt", (const char *const[]){ "neo_path_rtt_seconds{device=\"neo1\",address=\"198.51.100.181\"} 0.0332", NULL });
  assert_samples(text, "neo_path_received",
                 (const char *const[]){ "neo_path_received_bytes{device=\"neo1\",address=\"198.51.100.181\"} 6000000",
                                        "neo_path_received_bytes{device=\"neo2\",address=\"2001:db8::2\"} 0", "neo_path_received_bytes{device=\"neo3\"} 0", NULL });
  assert_samples(text, "neo_path_state{device=\"neo2\"",
                 (const char *const[]){ "neo_path_state{device=\"neo2\",address=\"2001:db8::2\",state=\"up\"} 0", "neo_path_state{device=\"neo2\",address=\"2001:db8::2\",state=\"down\"} 0",
                                        "neo_path_state{device=\"neo2\",address=\"2001:db8::2\",state=\"no address\"} 0", "neo_path_state{device=\"neo2\",address=\"2001:db8::2\",state=\"no table\"} 0",
                                        "neo_path_state{device=\"neo2\",address=\"2001:db8::2\",state=\"no rule\"} 1", "neo_path_state{device=\"neo2\",address=\"2001:db8::2\",state=\"no endpoint\"} 0", NULL });
  assert_samples(text, "neo_relay",
                 (const char *const[]){ "neo_relay_active{relay=\"ma\\\"in\"} 0", "neo_relay_rules{relay=\"ma\\\"in\"} 2", "neo_relay_flows{relay=\"ma\\\"in\"} 0",
                                        "neo_relay_forwarded_bytes_total{relay=\"ma\\\"in\"} 5000", "neo_relay_forwarded_packets_total{relay=\"ma\\\"in\"} 50",
                                        "neo_relay_limited_packets_total{relay=\"ma\\\"in\"} 7", "neo_relay_refused_packets_total{relay=\"ma\\\"in\"} 4", NULL });
  assert_samples(text, "neo_proxy",
                 (const char *const[]){ "neo_proxy_up{proxy=\"main\"} 1", "neo_proxy_up{proxy=\"hidden\"} 1", "neo_proxy_service_active{proxy=\"main\"} 1",
                                        "neo_proxy_connections{proxy=\"main\"} 1", "neo_proxy_announced{proxy=\"main\",address=\"192.0.2.11\",via=\"relay\"} 1",
                                        "neo_proxy_subflows{proxy=\"main\",address=\"192.0.2.11\",via=\"relay\"} 2",
                                        "neo_proxy_received_bytes{proxy=\"main\",address=\"192.0.2.11\",via=\"relay\"} 1000",
                                        "neo_proxy_sent_bytes{proxy=\"main\",address=\"192.0.2.11\",via=\"relay\"} 2000", NULL });
  assert_samples(text, "neo_racer",
                 (const char *const[]){ "neo_racer_listening{racer=\"8443\"} 1", "neo_racer_running{racer=\"8443\"} 1", "neo_racer_running{racer=\"1\"} 0",
                                        "neo_racer_open_connections{racer=\"8443\"} 3", "neo_racer_failures_total{racer=\"8443\"} 4",
                                        "neo_racer_wins_total{racer=\"8443\",endpoint=\"[2001:db8::1]:443\"} 12",
                                        "neo_racer_connect_seconds{racer=\"8443\",endpoint=\"[2001:db8::1]:443\"} 0.0304", NULL });
}

static guint count_lines(const char *text)
{
  guint lines = 0;

  for (; *text; text++)
    lines += *text == '\n';
  return lines;
}

static void test_bounded(void)
{
  g_autoptr(NeoStatus) status = neo_status_new();
  g_autofree char *few = neo_status_to_prometheus(status, NULL);

  for (guint i = 0; i < 1000; i++)
    add_connections(status);
  g_autofree char *many = neo_status_to_prometheus(status, NULL);
  g_assert_cmpuint(count_lines(few), ==, count_lines(many));
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/prometheus/labels", test_labels);
  g_test_add_func("/prometheus/metric", test_metric);
  g_test_add_func("/prometheus/netstat", test_netstat);
  g_test_add_func("/prometheus/status", test_status);
  g_test_add_func("/prometheus/bounded", test_bounded);
  return g_test_run();
}
