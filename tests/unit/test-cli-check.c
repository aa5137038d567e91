/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/check.h"
#include "cli/rule-counters.h"
#include "cli/status-parts.h"
#include "cli/top-model.h"

/* What the report says, in its text; it is emptied. */
static void says(NeoReport *report, NeoVerdict verdict, const char *wanted)
{
  g_autofree char *text = neo_report_to_text(report);

  g_assert_cmpstr(text, ==, wanted);
  g_assert_cmpuint(neo_report_verdict(report), ==, verdict);
  g_array_set_size(report->findings, 0);
}

static void test_report(void)
{
  g_autoptr(NeoReport) report = neo_report_new();

  says(report, NEO_VERDICT_OK, "");
  neo_report_ok(report, "a", "%d", 1);
  neo_report_bad(report, NEO_VERDICT_FAIL, "longer", g_strdup("x\n"), g_strdup("y"), NULL);
  neo_report_bad(report, NEO_VERDICT_WARN, "b", g_strdup("x"), NULL, g_strdup("z"));
  g_autofree char *json = neo_report_to_json(report);
  says(report, NEO_VERDICT_FAIL, "ok    a       1\nFAIL  longer  x?; should be: y\nwarn  b       x; fix: z\n");
  g_assert_cmpstr(json, ==,
                  "[{\"verdict\":\"ok\",\"check\":\"a\",\"seen\":\"1\",\"expected\":null,\"fix\":null},"
                  "{\"verdict\":\"FAIL\",\"check\":\"longer\",\"seen\":\"x\\u000a\",\"expected\":\"y\",\"fix\":null},"
                  "{\"verdict\":\"warn\",\"check\":\"b\",\"seen\":\"x\",\"expected\":null,\"fix\":\"z\"}]\n");
}

static void test_mptcp(void)
{
  g_autoptr(NeoReport) report = neo_report_new();

  neo_check_mptcp(report, "1\n", NULL);
  says(report, NEO_VERDICT_OK, "ok    mptcp  on\n");
  neo_check_mptcp(report, "0\n", NULL);
  says(report, NEO_VERDICT_FAIL, "FAIL  mptcp  net.mptcp.enabled=0; should be: 1; fix: sysctl -w net.mptcp.enabled=1\n");
  neo_check_mptcp(report, "0", "main");
  says(report, NEO_VERDICT_FAIL, "FAIL  mptcp in main  net.mptcp.enabled=0; should be: 1; fix: ip netns exec neo-main sysctl -w net.mptcp.enabled=1\n");
  neo_check_mptcp(report, NULL, NULL);
  says(report, NEO_VERDICT_FAIL, "FAIL  mptcp  this kernel has no Multipath TCP; should be: Linux 6.1 or newer with CONFIG_MPTCP\n");
}

static void test_blackhole(void)
{
  g_autoptr(NeoReport) report = neo_report_new();

  neo_check_blackhole(report, "TcpExt: Blackhole\nTcpExt: 7\nMPTcpExt: MPJoinSynRx Blackhole\nMPTcpExt: 3 0\n");
  says(report, NEO_VERDICT_OK, "ok    blackhole  MPTCP was never switched off\n");
  neo_check_blackhole(report, "MPTcpExt: MPJoinSynRx\nMPTcpExt: 3\n");
  says(report, NEO_VERDICT_OK, "ok    blackhole  this kernel does not tell\n");
  neo_check_blackhole(report, "MPTcpExt: MPJoinSynRx Blackhole\nMPTcpExt: 3 2\n");
  g_assert_cmpuint(neo_report_verdict(report), ==, NEO_VERDICT_WARN);
}

static void test_backends(void)
{
  g_autoptr(NeoReport) report = neo_report_new();

  neo_check_backends(report, "*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n", TRUE);
  neo_check_backends(report, "*filter\n-A INPUT -j ACCEPT\nCOMMIT\n", FALSE);
  says(report, NEO_VERDICT_OK, "ok    iptables  one backend\nok    iptables  one backend\n");
  neo_check_backends(report, "*filter\n-A INPUT -j ACCEPT\nCOMMIT\n", TRUE);
  g_assert_cmpuint(neo_report_verdict(report), ==, NEO_VERDICT_WARN);
}

static void test_option(void)
{
  static const struct {
    const char *rule, *ruleset;
    const char *seen; /* NULL: no rule about the option */
  } rows[] = {
    { "-A OUTPUT -p tcp -m tcp --tcp-option 30 -j DROP", NULL, "filter: -A OUTPUT -p tcp -m tcp --tcp-option 30 -j DROP" },
    { "-A OUTPUT -p tcp -m tcp --tcp-option 30 -j REJECT --reject-with tcp-reset", NULL, "filter: -A OUTPUT" },
    { "-A OUTPUT -p tcp -j TCPOPTSTRIP --strip-options 5,30", NULL, "filter: -A OUTPUT" },
    { "-A OUTPUT -p tcp -m tcp --tcp-option 30 -j ACCEPT", NULL, NULL },
    { "-A OUTPUT -p tcp -m tcp --tcp-option 8 -j DROP", NULL, NULL },
    { "-A OUTPUT -p tcp -j TCPOPTSTRIP --strip-options 130", NULL, NULL },
    { "-A OUTPUT -j ACCEPT", "\t\ttcp option mptcp exists drop\n", "tcp option mptcp exists drop" },
    { "-A OUTPUT -j ACCEPT", "\t\treset tcp option mptcp\n", "reset tcp option mptcp" },
    { "-A OUTPUT -j ACCEPT", "\t\ttcp option 30 exists reject\n", "tcp option 30 exists reject" },
    { "-A OUTPUT -j ACCEPT", "\t\ttcp option mptcp subtype 1 accept\n\t\tdrop\n", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(NeoReport) report = neo_report_new();
    g_autofree char *saved = g_strdup_printf("*filter\n[0:0] %s\nCOMMIT\n", rows[i].rule);
    g_autoptr(GArray) counters = neo_rule_counters_parse(saved);
    neo_check_option(report, counters, rows[i].ruleset, NULL);
    const NeoFinding *finding = &g_array_index(report->findings, NeoFinding, 0);
    g_assert_cmpuint(finding->verdict, ==, rows[i].seen ? NEO_VERDICT_FAIL : NEO_VERDICT_OK);
    g_assert_true(g_str_has_prefix(finding->seen, rows[i].seen ? rows[i].seen : "no rule about TCP option 30"));
  }
}

static void test_conntrack(void)
{
  g_autoptr(NeoReport) report = neo_report_new();

  neo_check_conntrack(report, 0, 0);
  neo_check_conntrack(report, 79, 100);
  says(report, NEO_VERDICT_OK, "ok    conntrack  0 of 0 entries used\nok    conntrack  79 of 100 entries used\n");
  neo_check_conntrack(report, 80, 100);
  says(report, NEO_VERDICT_WARN, "warn  conntrack  80 of 100 entries used; should be: less than 80%; fix: sysctl -w net.netfilter.nf_conntrack_max=200\n");
  neo_check_conntrack(report, 95, 100);
  g_assert_cmpuint(neo_report_verdict(report), ==, NEO_VERDICT_FAIL);
}

static void test_macs(void)
{
  g_autoptr(NeoReport) report = neo_report_new();
  g_autoptr(GArray) macs = g_array_new(FALSE, FALSE, sizeof(NeoCheckMac));
  NeoCheckMac some[] = { { "ens3", "02:00:00:00:00:01" }, { "neo1", "02:00:00:00:00:02" }, { "neo2", "02:00:00:00:00:02" } };

  g_array_append_vals(macs, some, 2);
  neo_check_macs(report, macs);
  says(report, NEO_VERDICT_OK, "ok    MAC addresses  2, all different\n");
  g_array_append_val(macs, some[2]);
  neo_check_macs(report, macs);
  says(report, NEO_VERDICT_FAIL,
       "FAIL  MAC addresses  neo1 and neo2 both have 02:00:00:00:00:02; should be: one for each interface, or they take each other's packets and lease; "
       "fix: nmcli connection modify neo2 ethernet.cloned-mac-address stable && nmcli connection up neo2\n");
}

static void test_forwarding(void)
{
  g_autoptr(NeoReport) report = neo_report_new();

  neo_check_forwarding(report, "ens3", "net/ipv4/conf/ens3/forwarding", "1\n");
  says(report, NEO_VERDICT_OK, "ok    forwarding ens3  net.ipv4.conf.ens3.forwarding is on\n");
  neo_check_forwarding(report, "ens3", "net/ipv4/conf/ens3/forwarding", "0\n");
  says(report, NEO_VERDICT_FAIL, "FAIL  forwarding ens3  net.ipv4.conf.ens3.forwarding=0; should be: 1; fix: sysctl -w net.ipv4.conf.ens3.forwarding=1\n");
}

static const char relay_rules[] =
  "*filter\n%s[0:0] -A FORWARD -j neo-fwd\n[0:0] -A FORWARD -p tcp -j neo-begin\n[0:0] -A neo-begin -p tcp -j neo-fwd-main\nCOMMIT\n"
  "*nat\n%s[0:0] -A POSTROUTING -j neo-out\n[0:0] -A neo-out -p tcp -j neo-out-main\n[0:0] -A neo-in-main -d 192.0.2.11/32 -j DNAT --to-destination 192.0.2.10\nCOMMIT\n";

static NeoVerdict check_relay(NeoReport *report, const char *state, const char *before_forward, const char *prerouting)
{
  g_autoptr(NeoStatus) status = neo_status_new();
  NeoStatusRelay *relay = neo_status_relay_new("main");
  g_autoptr(GString) saved = g_string_new(relay_rules);

  g_string_replace(saved, "%s", before_forward, 1);
  g_string_replace(saved, "%s", prerouting, 1);
  g_autoptr(GArray) counters = neo_rule_counters_parse(saved->str);
  neo_status_take_rules(relay, counters);
  relay->unit = g_strdup("neo-relay@main");
  relay->service = g_strdup(state);
  g_ptr_array_add(status->relays, relay);
  neo_check_relays(report, status, counters);
  return neo_report_verdict(report);
}

#define SHARED "[0:0] -A PREROUTING -p tcp -j neo-in\n"
#define JUMP SHARED "[0:0] -A neo-in -p tcp -j neo-in-main\n"

static void test_relay(void)
{
  g_autoptr(NeoReport) report = neo_report_new();

  check_relay(report, "active", "", JUMP);
  says(report, NEO_VERDICT_OK, "ok    relay main  192.0.2.11 to 192.0.2.10, rules stand\n");
  /* What is counted or passed on before is no obstacle. */
  g_assert_cmpuint(check_relay(report, "active", "[0:0] -A FORWARD -p udp -j ACCEPT\n", JUMP), ==, NEO_VERDICT_OK);
  check_relay(report, "failed", "", JUMP);
  g_array_remove_index(report->findings, 0);
  says(report, NEO_VERDICT_FAIL, "FAIL  relay main  neo-relay@main is failed; should be: active; fix: systemctl start neo-relay@main (why not: journalctl -u neo-relay@main)\n");
  check_relay(report, "active", "[0:0] -A FORWARD -p tcp -j DROP\n", JUMP);
  says(report, NEO_VERDICT_FAIL,
       "FAIL  relay main  filter: -A FORWARD -p tcp -j DROP stands before neo-fwd; should be: neo-fwd first in FORWARD; fix: systemctl reload neo-relay@main\n");
  check_relay(report, "active", "", SHARED);
  says(report, NEO_VERDICT_FAIL,
       "FAIL  relay main  nat: neo-in-main is not called from neo-in; should be: neo-in-main first in neo-in; fix: systemctl reload neo-relay@main\n");
  check_relay(report, "active", "", "");
  says(report, NEO_VERDICT_FAIL,
       "FAIL  relay main  nat: neo-in is not called from PREROUTING; should be: neo-in first in PREROUTING; fix: systemctl reload neo-relay@main\n");
}

static void test_proxy(void)
{
  g_autoptr(NeoReport) report = neo_report_new();
  g_autoptr(NeoStatus) status = neo_status_new();
  NeoStatusProxy *proxy = neo_status_proxy_new("main");
  NeoStatusAnnounced announced = { .relay = TRUE, .announced = TRUE };

  g_assert_true(neo_address_parse("192.0.2.11", &announced.address));
  g_array_append_val(proxy->announced, announced);
  g_ptr_array_add(status->proxies, proxy);
  proxy->service = g_strdup("v2ray.service");
  neo_check_proxies(report, status);
  says(report, NEO_VERDICT_FAIL, "FAIL  proxy main  its namespace is not there; should be: /run/netns/neo-main; fix: systemctl restart neo-netns@main\n");
  proxy->up = TRUE;
  neo_check_proxies(report, status);
  says(report, NEO_VERDICT_WARN, "warn  proxy main  its namespace was not seen; should be: readable; fix: sudo neo check\n");
  proxy->seen = TRUE;
  neo_check_proxies(report, status);
  says(report, NEO_VERDICT_OK, "ok    proxy main  v2ray.service runs, 1 addresses are announced\n");
  g_array_index(proxy->announced, NeoStatusAnnounced, 0).announced = FALSE;
  neo_check_proxies(report, status);
  says(report, NEO_VERDICT_FAIL,
       "FAIL  proxy main  192.0.2.11 is not announced; should be: an MPTCP endpoint in its namespace; fix: systemctl reload neo-netns@main\n");
}

static void test_racer(void)
{
  g_autoptr(NeoReport) report = neo_report_new();
  g_autoptr(NeoStatus) status = neo_status_new();
  NeoStatusRacer *racer = neo_status_racer_new("8443");

  neo_check_racers(report, status);
  says(report, NEO_VERDICT_FAIL, "FAIL  racer  none; should be: /etc/neo/racer/PORT.conf; fix: systemctl enable --now neo-racer@PORT.socket\n");
  g_ptr_array_add(status->racers, racer);
  racer->socket_state = g_strdup("active");
  racer->service_state = g_strdup("inactive");
  neo_check_racers(report, status);
  says(report, NEO_VERDICT_OK, "ok    racer 8443  waits for a client; 0 endpoints\n");
  g_free(racer->service_state);
  racer->service_state = g_strdup("failed");
  neo_check_racers(report, status);
  g_assert_cmpuint(neo_report_verdict(report), ==, NEO_VERDICT_FAIL);
}

static void test_bar(void)
{
  static const struct { double value, max; guint width; gboolean ascii; const char *bar; } rows[] = {
    { 0, 0, 4, FALSE, "    " }, { 1, 2, 4, TRUE, "##  " }, { 1, 2, 4, FALSE, "██  " },
    { 1, 1, 4, FALSE, "████" }, { 5, 1, 4, TRUE, "####" }, { 3, 8, 1, FALSE, "▍" }, { 1, 1, 0, FALSE, "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autofree char *bar = neo_top_bar(rows[i].value, rows[i].max, rows[i].width, rows[i].ascii);
    g_assert_cmpstr(bar, ==, rows[i].bar);
  }
  g_autoptr(GArray) values = g_array_new(FALSE, FALSE, sizeof(double));
  for (double value = 0; value <= 7; value++)
    g_array_append_val(values, value);
  g_autofree char *all = neo_top_sparkline(values, 10, FALSE), *last = neo_top_sparkline(values, 3, TRUE);
  g_assert_cmpstr(all, ==, "  ▁▂▃▄▅▆▇█");
  g_assert_cmpstr(last, ==, "+*#");
}

static NeoStatus *sample(guint64 relay_bytes, double rate)
{
  NeoStatus *status = neo_status_new();
  NeoStatusPath paths[] = { { .interface = "neo1", .state = "up", .traffic = NEO_TRAFFIC_NONE }, { .interface = "neo2", .state = "no rule", .traffic = NEO_TRAFFIC_NONE } };
  NeoStatusConnection *connection = neo_status_connection_new();
  NeoStatusSubflow subflow = { .interface = "neo1", .up = TRUE, .rtt_us = 30400, .traffic = { 1000, 0, rate, 0 } };
  NeoStatusProxy *proxy = neo_status_proxy_new("main");
  NeoStatusAnnounced announced = { .traffic = { relay_bytes, 2 * relay_bytes, -1, -1 } };
  NeoStatusRelay *relay = neo_status_relay_new("main");

  g_assert_true(neo_address_parse("192.0.2.10", &subflow.remote) && neo_address_parse("192.0.2.11", &announced.address));
  g_array_append_vals(status->paths, paths, 2);
  g_array_append_val(connection->subflows, subflow);
  g_ptr_array_add(status->connections, connection);
  g_array_append_val(proxy->announced, announced);
  g_ptr_array_add(status->proxies, proxy);
  relay->bytes = relay_bytes;
  g_ptr_array_add(status->relays, relay);
  status->subflows = 1;
  status->traffic = subflow.traffic;
  return status;
}

static char *screen(const NeoTop *top, guint width, guint height, gboolean paused)
{
  g_autoptr(GArray) lines = neo_top_lines(top, width, height, TRUE, paused);
  GString *text = g_string_new(NULL);

  for (guint i = 0; i < lines->len; i++) {
    g_autofree char *line = g_array_index(lines, NeoTopLine, i).text;
    g_assert_cmpint(g_utf8_strlen(line, -1), <=, width);
    g_string_append_printf(text, "%s\n", g_strchomp(line));
  }
  g_assert_cmpuint(lines->len, <=, height);
  return g_string_free(text, FALSE);
}

static void test_top(void)
{
  g_autoptr(NeoTop) top = neo_top_new();
  g_autoptr(NeoStatus) first = sample(0, 1000000), second = sample(500000, 2000000);

  neo_top_update(top, first, 1 * G_USEC_PER_SEC);
  neo_top_update(top, second, 2 * G_USEC_PER_SEC);
  g_autofree char *all = screen(top, 80, 24, FALSE), *small = screen(top, 20, 5, TRUE);
  g_assert_cmpstr(all, ==,
                  "neo top: 16.0 Mbit/s in, 0 bit/s out; 1 connection, 1 subflow; 4.0 Mbit/s forwar\n"
                  "q quit  p pause  s sort (name)\n"
                  "\n"
                  "Paths                         IN          OUT         RTT\n"
                  "  neo1               16.0 Mbit/s      0 bit/s     30.4 ms  #########          =#\n"
                  "  neo2                   0 bit/s      0 bit/s     no rule                     __\n"
                  "\n"
                  "Ways                          IN          OUT         RTT\n"
                  "  192.0.2.10 direct  16.0 Mbit/s      0 bit/s     30.4 ms  #########          =#\n"
                  "\n"
                  "Relays                 FORWARDED\n"
                  "  main                4.0 Mbit/s                           #########          _#\n"
                  "\n"
                  "Announced                     IN          OUT\n"
                  "  main 192.0.2.11     4.0 Mbit/s   8.0 Mbit/s              #########          _#\n");
  g_assert_cmpstr(small, ==, "neo top PAUSED: 16.0\nq quit  p pause  s s\n\nPaths\n  neo1\n");
  g_autoptr(NeoStatus) nothing = neo_status_new();
  neo_top_update(top, nothing, 3 * G_USEC_PER_SEC);
  g_autofree char *none = screen(top, 80, 24, TRUE);
  g_assert_cmpstr(none, ==, "neo top PAUSED: - in, - out; 0 connections, 0 subflows\nq quit  p pause  s sort (name)\nNo path, no relay and no connection to show.\n");
}

/* A host that is no gateway, and names in the order of their numbers. */
static void test_top_services(void)
{
  g_autoptr(NeoTop) top = neo_top_new();
  g_autoptr(NeoStatus) status = sample(0, 0), later = sample(125000, 0);
  NeoStatus *both[] = { status, later };

  for (guint i = 0; i < 2; i++) {
    g_array_set_size(both[i]->paths, 0);
    g_ptr_array_set_size(both[i]->connections, 0);
    ((NeoStatusProxy *)both[i]->proxies->pdata[0])->connections = 2;
    g_ptr_array_add(both[i]->relays, neo_status_relay_new("r10"));
    g_ptr_array_add(both[i]->relays, neo_status_relay_new("r9"));
    neo_top_update(top, both[i], (i + 1) * G_USEC_PER_SEC);
  }
  g_autofree char *all = screen(top, 100, 24, FALSE);
  g_assert_true(g_str_has_prefix(all, "neo top: 1.0 Mbit/s forwarded; proxy 1.0 Mbit/s in, 2.0 Mbit/s out; 2 connections\n"));
  g_assert_nonnull(strstr(all, "\n  r9 "));
  g_assert_true(strstr(all, "\n  r9 ") < strstr(all, "\n  r10 "));
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/check/report", test_report);
  g_test_add_func("/check/mptcp", test_mptcp);
  g_test_add_func("/check/blackhole", test_blackhole);
  g_test_add_func("/check/backends", test_backends);
  g_test_add_func("/check/option", test_option);
  g_test_add_func("/check/conntrack", test_conntrack);
  g_test_add_func("/check/macs", test_macs);
  g_test_add_func("/check/forwarding", test_forwarding);
  g_test_add_func("/check/relay", test_relay);
  g_test_add_func("/check/proxy", test_proxy);
  g_test_add_func("/check/racer", test_racer);
  g_test_add_func("/top/bar", test_bar);
  g_test_add_func("/top/screen", test_top);
  g_test_add_func("/top/services", test_top_services);
  return g_test_run();
}
