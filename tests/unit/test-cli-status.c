/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "cli/address-key.h"
#include "cli/json.h"
#include "cli/rule-counters.h"
#include "cli/status-gateway.h"
#include "cli/status-parts.h"
#include "cli/status-render.h"
#include "cli/text.h"
#include "tests/unit/assert.h"

static void test_figures(void)
{
  take(neo_text_rate(-1), "-");
  take(neo_text_rate(0), "0 bit/s");
  take(neo_text_rate(124.9), "999 bit/s");
  take(neo_text_rate(125), "1.0 kbit/s");
  take(neo_text_rate(587500), "4.7 Mbit/s");
  take(neo_text_bytes(999), "999 B");
  take(neo_text_bytes(999949), "999.9 kB");
  take(neo_text_bytes(999950), "1.0 MB");
  take(neo_text_bytes(G_MAXUINT64), "18446.7 PB");
  take(neo_text_duration(0), "0s");
  take(neo_text_duration(59), "59s");
  take(neo_text_duration(60), "1m00s");
  take(neo_text_duration(43080), "11h58m");
  take(neo_text_duration(4 * 86400 + 3 * 3600), "4d03h");
  take(neo_text_duration(G_MAXUINT32), "forever");
  take(neo_text_rtt(0), "-");
  take(neo_text_rtt(31240), "31.2 ms");
  take(neo_text_share(1, 3), "33%");
  take(neo_text_share(0, 0), "-");
  take(neo_text_endpoint("2001:db8::1", 443), "[2001:db8::1]:443");
  take(neo_text_clean("a\x1b[2J\xff"), "a?[2J\xef\xbf\xbd");
}

static void test_json(void)
{
  g_autoptr(GString) json = g_string_new(NULL);

  neo_json_open(json, NULL, '{');
  neo_json_string(json, "a", "\"\\\n\xff");
  neo_json_string(json, "b", NULL);
  neo_json_uint(json, "c", G_MAXUINT64);
  neo_json_real(json, "d", 1.5);
  neo_json_real(json, "e", -1);
  neo_json_bool(json, "f", FALSE);
  neo_json_open(json, "g", '[');
  neo_json_uint(json, NULL, 1);
  neo_json_uint(json, NULL, 2);
  neo_json_open(json, NULL, '{');
  neo_json_close(json, '{');
  neo_json_close(json, '[');
  neo_json_close(json, '{');
  g_assert_cmpstr(json->str, ==,
                  "{\"a\":\"\\\"\\\\\\u000a\xef\xbf\xbd\",\"b\":null,\"c\":18446744073709551615,\"d\":1.500,\"e\":null,"
                  "\"f\":false,\"g\":[1,2,{}]}");
}

static const NeoLink links[] = {
  { .index = 2, .name = "ens3", .running = TRUE },
  { .index = 3, .name = "neo1", .parent = 2, .macvlan = TRUE, .running = TRUE },
  { .index = 4, .name = "neo2", .parent = 2, .macvlan = TRUE, .running = TRUE },
  { .index = 5, .name = "neo3", .parent = 2, .macvlan = TRUE },
};

static void add_route(NeoObserved *seen, int link, guint32 table)
{
  NeoRoute route = { AF_INET, link, table, 0, TRUE };
  g_array_append_val(seen->routes, route);
}

static void add_local(NeoObserved *seen, int link, const char *text)
{
  NeoLocal local = { .link = link, .address = address(text) };
  g_array_append_val(seen->locals, local);
}

/* Three macvlans: one as it should be, one without its rule, one that has nothing yet. */
static NeoGatewayView *sample_view(void)
{
  NeoGatewayView *view = g_new0(NeoGatewayView, 1);
  NeoPathsConf conf = neo_paths_conf_default();
  NeoMptcpEndpoint endpoint = { .address = address("198.51.100.181"), .id = 2, .link = 3 };
  NeoRule rule = neo_rule_from(&endpoint.address, 1001, NEO_RULE_FROM);

  view->seen = neo_observed_new();
  view->mptcp_seen = view->seen->mptcp = TRUE;
  view->seen->limit_max = 8;
  g_array_append_vals(view->seen->links, links, G_N_ELEMENTS(links));
  add_local(view->seen, 2, "198.51.100.20");
  add_local(view->seen, 3, "198.51.100.181");
  add_local(view->seen, 4, "198.51.100.80");
  add_route(view->seen, 2, 254);
  add_route(view->seen, 3, 1001);
  add_route(view->seen, 4, 1002);
  g_array_append_val(view->seen->endpoints, endpoint);
  g_array_append_val(view->seen->rules, rule);
  view->lifetimes = g_hash_table_new_full(neo_address_hash, neo_address_hash_equal, g_free, NULL);
  g_hash_table_insert(view->lifetimes, g_memdup2(&endpoint.address, sizeof endpoint.address), GUINT_TO_POINTER(43080));
  view->desired = neo_desire(view->seen, &conf, NULL);
  return view;
}

typedef struct {
  NeoMptcpSocket connection;
  NeoSubflowSocket subflows[2];
} Sockets;

static NeoSubflowSocket subflow(const char *local, const char *remote, guint8 remote_id, guint64 in)
{
  return (NeoSubflowSocket){
    .cookie = remote_id, .token = 77, .local = address(local), .remote = address(remote), .local_port = 40000, .remote_port = 443, .remote_id = remote_id,
    .up = TRUE, .bytes_in = in, .bytes_out = in / 100, .rtt_us = 31200 + remote_id * 1000, .retransmits = 3,
  };
}

static Sockets sample_sockets(guint64 in)
{
  return (Sockets){
    { .token = 77, .local = address("198.51.100.20"), .remote = address("192.0.2.10"), .remote_port = 443, .counted = TRUE },
    { subflow("198.51.100.20", "192.0.2.10", 0, in), subflow("198.51.100.181", "192.0.2.11", 2, 3 * in) },
  };
}

static NeoMoved *moved(const Sockets *sockets)
{
  NeoMoved *moved = neo_moved_new(0);

  for (guint i = 0; i < G_N_ELEMENTS(sockets->subflows); i++)
    neo_moved_note(moved, &sockets->subflows[i]);
  return moved;
}

static NeoStatus *sample_status(void)
{
  NeoStatus *status = neo_status_new();
  g_autoptr(NeoGatewayView) view = sample_view();
  g_autoptr(NeoRoutes) routes = neo_routes_new();
  Sockets before = sample_sockets(1000000), now = sample_sockets(2000000);
  g_autoptr(NeoMoved) old = moved(&before);

  status->mptcp = TRUE;
  neo_status_take_paths(status, view);
  g_autoptr(NeoTally) tally = neo_tally_new(status, &(NeoTallyView){
    .locals = view->seen->locals, .links = view->seen->links, .routes = routes, .before = old, .at = G_USEC_PER_SEC,
  });
  neo_tally_connection(&now.connection, tally);
  neo_tally_subflow(&now.subflows[0], tally);
  neo_tally_subflow(&now.subflows[1], tally);
  return status;
}

static void test_gateway(void)
{
  g_autoptr(NeoStatus) status = sample_status();
  g_autofree char *narrow = neo_status_to_text(status, 80, FALSE), *wide = neo_status_to_text(status, 160, FALSE);

  g_assert_cmpstr(narrow, ==,
                  "Gateway: 1 of 3 addresses of paths up; the kernel makes the subflows\n"
                  "  PATH  ADDRESS           LEASE  TABLE  RULE  ENDPOINT  STATE\n"
                  "  neo1  198.51.100.181   11h58m   1001  yes   2         up\n"
                  "  neo2  198.51.100.80   forever   1002  no    -         no rule\n"
                  "  neo3  -                     -      -  no    -         down\n"
                  "\n"
                  "  PATH  SUBFLOWS           IN           OUT      RTT  RETRANS  SHARE\n"
                  "  neo1         1  24.0 Mbit/s  240.0 kbit/s  33.2 ms        3    75%\n"
                  "  neo2         0            -             -        -        0     0%\n"
                  "  neo3         0            -             -        -        0     0%\n"
                  "\n"
                  "  Subflows of each path by remote address\n"
                  "  PATH  192.0.2.10  relay 192.0.2.11\n"
                  "  ens3           1                 -\n"
                  "  neo1           -                 1\n"
                  "\n"
                  "Connections: 1 of MPTCP with 2 subflows; 32.0 Mbit/s in, 320.0 kbit/s out\n"
                  "  with 192.0.2.10:443: 8.0 MB in, 80.0 kB out\n"
                  "  PATH  REMOTE      VIA              IN           OUT      RTT  RETR  SHARE\n"
                  "  ens3  192.0.2.10  direct   8.0 Mbit/s   80.0 kbit/s  31.2 ms     3    25%\n"
                  "  neo1  192.0.2.11  relay   24.0 Mbit/s  240.0 kbit/s  33.2 ms     3    75%\n");
  g_assert_nonnull(strstr(wide, "\n    neo1  198.51.100.181:40000  192.0.2.11:443  relay   24.0 Mbit/s"));
  g_assert_null(strstr(wide, "\n\n  PATH"));
}

/* A tally for a host of which nothing else is known. */
static NeoTally *bare_tally(NeoStatus *status, const NeoRoutes *routes, const GArray *none, guint detailed)
{
  return neo_tally_new(status, &(NeoTallyView){ .locals = none, .links = none, .routes = routes, .detailed = detailed });
}

static void test_fallback(void)
{
  g_autoptr(NeoStatus) status = neo_status_new();
  g_autoptr(NeoRoutes) routes = neo_routes_new();
  g_autoptr(GArray) none = g_array_new(FALSE, FALSE, sizeof(NeoLocal));
  g_autoptr(NeoTally) tally = bare_tally(status, routes, none, 0);
  Sockets sockets = sample_sockets(1000);

  /* One that is of no listed connection, and one that is plain TCP. */
  sockets.subflows[1].fallback = TRUE;
  status->mptcp = TRUE;
  neo_tally_subflow(&sockets.subflows[0], tally);
  neo_tally_subflow(&sockets.subflows[1], tally);
  g_assert_cmpuint(status->subflows, ==, 2);
  g_assert_cmpuint(status->connections->len, ==, 1);
  g_autofree char *text = neo_status_to_text(status, 80, FALSE);
  g_assert_nonnull(strstr(text, "  with 192.0.2.11:443: 3.0 kB in, 30 B out; it fell back to plain TCP\n"));
}

/* Three connections that moved 0, 10 and 20 bytes. */
static NeoStatus *tally_three(guint detailed, gboolean counted)
{
  NeoStatus *status = neo_status_new();
  g_autoptr(NeoRoutes) routes = neo_routes_new();
  g_autoptr(GArray) none = g_array_new(FALSE, FALSE, sizeof(NeoLocal));
  g_autoptr(NeoTally) tally = bare_tally(status, routes, none, detailed);

  for (guint i = 0; i < 3; i++)
    neo_tally_connection(&(NeoMptcpSocket){ .token = i + 1, .remote = address("192.0.2.10"), .counted = counted, .bytes = i * 10 }, tally);
  for (guint i = 0; i < 3; i++) {
    NeoSubflowSocket socket = subflow("198.51.100.20", "192.0.2.10", 0, i * 10);
    socket.token = i + 1;
    neo_tally_subflow(&socket, tally);
  }
  neo_status_sort(status);
  return status;
}

static void test_brief(void)
{
  static const struct { guint detailed; gboolean counted; guint listed; } rows[] = { { 0, TRUE, 3 }, { 1, TRUE, 1 }, { 2, TRUE, 2 }, { 9, TRUE, 3 }, { 1, FALSE, 3 } };

  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(NeoStatus) status = tally_three(rows[i].detailed, rows[i].counted);
    g_assert_cmpuint(status->subflows, ==, 3);
    g_assert_cmpuint(status->traffic.in, ==, 30);
    for (guint k = 0; k < 3; k++) {
      const NeoStatusConnection *connection = status->connections->pdata[k];
      g_assert_cmpuint(connection->token, ==, 3 - k);
      g_assert_cmpuint(connection->traffic.in, ==, 20 - 10 * k);
      g_assert_cmpuint(connection->subflows->len, ==, k < rows[i].listed);
      g_assert_cmpint(connection->brief, ==, k >= rows[i].listed);
    }
  }
}

static void test_routes(void)
{
  g_autoptr(NeoRoutes) routes = neo_routes_new();
  NeoAddress proxy = address("192.0.2.10"), relay = address("192.0.2.11"), other = address("192.0.2.12");

  g_assert_false(neo_routes_is_relay(routes, &relay, 0));
  g_assert_true(neo_routes_is_relay(routes, &relay, 1));
  g_array_append_val(routes->direct, proxy);
  g_array_append_val(routes->relays, relay);
  /* A race that the relay won: the connection begins there, and the proxy announces itself. */
  g_assert_true(neo_routes_is_relay(routes, &relay, 0));
  g_assert_false(neo_routes_is_relay(routes, &proxy, 1));
  g_assert_true(neo_routes_is_relay(routes, &other, 3));
}

static void test_rates(void)
{
  Sockets before = sample_sockets(500), now = sample_sockets(400);
  g_autoptr(NeoMoved) old = moved(&before);

  g_assert_cmpfloat(neo_moved_traffic(NULL, &now.subflows[0], G_USEC_PER_SEC).rate_in, ==, -1);
  /* Less than before: no rate rather than a wrong one. */
  g_assert_cmpfloat(neo_moved_traffic(old, &now.subflows[0], G_USEC_PER_SEC).rate_in, ==, -1);
  /* Another socket between the same addresses and ports. */
  now.subflows[0].cookie = 99;
  g_assert_cmpfloat(neo_moved_traffic(old, &now.subflows[0], G_USEC_PER_SEC).rate_in, ==, 400);
}

static void test_nothing(void)
{
  g_autoptr(NeoStatus) status = neo_status_new();

  neo_status_unseen(status, "units: %s", "no bus");
  neo_status_unseen(status, "units: %s", "no bus");
  status->mptcp = TRUE;
  take(neo_status_to_text(status, 80, FALSE),
       "This host has no role of Neo yet: no path, no relay, no proxy, no racer. See\n  neo(8).\n\nNot seen\n  units: no bus\n");
  status->mptcp = FALSE;
  g_autofree char *off = neo_status_to_text(status, 80, FALSE);
  g_assert_true(g_str_has_prefix(off, "Multipath TCP is off"));
}

static const char saved[] =
  "*raw\n:PREROUTING ACCEPT [9:9]\n:neo-syn-main - [0:0]\n"
  "[7:420] -A neo-syn-main -d 192.0.2.11/32 -p tcp -m tcp --dport 443 -m hashlimit --hashlimit-above 50/sec -j DROP\nCOMMIT\n"
  "*filter\n:neo-fwd - [0:0]\n:neo-fwd-main - [0:0]\n"
  "[90:4500] -A neo-fwd -m conntrack --ctstate RELATED,ESTABLISHED --ctorigdst 192.0.2.11 -j ACCEPT\n"
  "[10:500] -A neo-fwd -m conntrack --ctstate RELATED,ESTABLISHED --ctorigdst 192.0.2.13 -j ACCEPT\n"
  "[10:500] -A neo-fwd -m conntrack --ctstate RELATED,ESTABLISHED --ctorigdst 192.0.2.1 -j ACCEPT\n"
  "[2:120] -A neo-fwd-main -m conntrack --ctorigdst 192.0.2.11 -j ACCEPT\n"
  "[5:300] -A neo-guard -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP\nCOMMIT\n"
  "*nat\n[2:120] -A neo-in-main -d 192.0.2.11/32 -p tcp -m tcp --dport 443 -j DNAT --to-destination 192.0.2.10\n"
  "[4:240] -A neo-in-main -d 192.0.2.11/32 -p tcp -m tcp --dport 443 -j RETURN\n"
  "[1:60] -A neo-in-main -d 192.0.2.13/32 -p tcp -m tcp --dport 443 -j DNAT --to-destination 192.0.2.10\n"
  "[8:480] -A neo-in-other -d 192.0.2.11/32 -j RETURN\n"
  "[1:60] -A neo-in-other -d 192.0.2.11/32 -j DNAT --to-destination 192.0.2.99\nCOMMIT\n";

static NeoStatusRelay *sample_relay(void)
{
  g_autoptr(GArray) counters = neo_rule_counters_parse(saved);
  NeoStatusRelay *relay = neo_status_relay_new("main");

  neo_status_take_rules(relay, counters);
  relay->service = g_strdup("active");
  return relay;
}

static void test_relay(void)
{
  g_autoptr(NeoStatus) status = neo_status_new();

  status->mptcp = TRUE;
  g_ptr_array_add(status->relays, sample_relay());
  g_ptr_array_add(status->relays, neo_status_relay_new("second"));
  take(neo_status_to_text(status, 80, FALSE),
       "Relay\n"
       "  RELAY   SERVICE  LISTENS ON  PROXY       RULES  FLOWS   BYTES  LIMITED\n"
       "  main    active   192.0.2.11  192.0.2.10      2      -  5.1 kB       11\n"
       "                   192.0.2.13  192.0.2.10\n"
       "  second  -        -           -               -      -       -        -\n");
  take(neo_status_to_text(status, 120, FALSE),
       "Relay\n"
       "  RELAY   SERVICE  LISTENS ON             PROXY       RULES  FLOWS   BYTES  LIMITED\n"
       "  main    active   192.0.2.11 192.0.2.13  192.0.2.10      2      -  5.1 kB       11\n"
       "  second  -        -                      -               -      -       -        -\n");
}

static void test_counters(void)
{
  static const char *const wrong[] = { "", "*nat", "[1:2] -A x y", "*nat\n[1:2 -A x", "*nat\n[12] -A x", "*nat\n[1:2] -A ", "*nat\n-A x -j y" };

  for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
    g_autoptr(GArray) counters = neo_rule_counters_parse(wrong[i]);
    g_assert_cmpuint(counters->len, ==, 0);
  }
  take(neo_rule_option("-A x -d 192.0.2.1/32 -j y", "-d"), "192.0.2.1/32");
  take(neo_rule_option("-A x -d", "-d"), NULL);
}

static void test_proxy(void)
{
  g_autoptr(NeoStatus) status = neo_status_new();
  NeoStatusProxy *proxy = neo_status_proxy_new("main");
  NeoStatusAnnounced announced[] = {
    { .address = address("192.0.2.10"), .announced = TRUE, .subflows = 2, .traffic = { 1000, 2000, -1, -1 } },
    { .address = address("192.0.2.11"), .relay = TRUE, .subflows = 1 },
  };

  proxy->service = g_strdup("v2ray.service");
  proxy->service_state = g_strdup("active");
  proxy->up = proxy->seen = TRUE;
  proxy->connections = 1;
  g_array_append_vals(proxy->announced, announced, 2);
  g_ptr_array_add(status->proxies, proxy);
  status->mptcp = TRUE;
  take(neo_status_to_text(status, 80, FALSE),
       "Proxy\n"
       "  main: v2ray is active; namespace up, 1 connection\n"
       "    ANNOUNCES   VIA     ANNOUNCED  SUBFLOWS      IN     OUT\n"
       "    192.0.2.10  direct  yes               2  1.0 kB  2.0 kB\n"
       "    192.0.2.11  relay   no                1     0 B     0 B\n");
  g_autofree char *wide = neo_status_to_text(status, 120, FALSE);
  g_assert_nonnull(strstr(wide, "\n  main: v2ray.service is active; namespace up, 1 connection\n"));
}

static void test_racer(void)
{
  static const char *const wrong[] = { "", "open", "3 open; won: a 1", "x open; won: a 1; failed 0", "3 open; won: a; failed 0", "3 open; won: a 1; failed x",
                                       "3 open; won: a 1 (5 ms); failed 0", "3 open; won: a 1 (x us); failed 0", "3 open; won: a 1 (9999999999 us); failed 0" };
  g_autoptr(NeoStatus) status = neo_status_new();
  NeoStatusRacer *racer = neo_status_racer_new("8443");

  g_ptr_array_add(status->racers, racer);
  for (guint i = 0; i < G_N_ELEMENTS(wrong); i++)
    g_assert_false(neo_status_parse_racer(wrong[i], racer));
  g_assert_false(racer->running);
  g_assert_true(neo_status_parse_racer("3 open; won: px:443 12 (31240 us), [2001:db8::1]:443 3; failed 4", racer));
  racer->socket_state = g_strdup("active");
  racer->service_state = g_strdup("active");
  status->mptcp = TRUE;
  take(neo_status_to_text(status, 80, FALSE),
       "Racer\n"
       "  8443: socket active, service active; 3 open, 4 races that nobody won\n"
       "    ENDPOINT           WON  LAST CONNECT\n"
       "    px:443              12       31.2 ms\n"
       "    [2001:db8::1]:443    3             -\n");
}

static void test_status_json(void)
{
  g_autoptr(NeoStatus) status = sample_status();

  g_array_set_size(status->paths, 1);
  g_ptr_array_set_size(status->complaints, 0);
  neo_status_sort(status);
  g_array_set_size(status->ways, 1);
  g_array_set_size(((NeoStatusConnection *)status->connections->pdata[0])->subflows, 1);
  g_ptr_array_add(status->relays, sample_relay());
  take(neo_status_to_json(status),
       "{\"roles\":[\"gateway\",\"relay\"],\"mptcp\":true,\"path_manager\":\"kernel\",\"subflows\":2,\"bytes_in\":8000000,\"bytes_out\":80000,"
       "\"rate_in\":4000000.000,\"rate_out\":40000.000,\"paths\":[{\"interface\":\"neo1\",\"address\":\"198.51.100.181\",\"lease_s\":43080,"
       "\"table\":1001,\"rule\":true,\"mptcp_endpoint\":2,\"state\":\"up\",\"subflows\":1,\"rtt_ms\":33.200,\"retransmits\":3,"
       "\"bytes_in\":6000000,\"bytes_out\":60000,\"rate_in\":3000000.000,\"rate_out\":30000.000}],"
       "\"ways\":[{\"interface\":\"ens3\",\"remote\":\"192.0.2.10\",\"via\":\"direct\",\"subflows\":1,\"joining\":0,\"rtt_ms\":31.200,"
       "\"retransmits\":3,\"bytes_in\":2000000,\"bytes_out\":20000,\"rate_in\":1000000.000,\"rate_out\":10000.000}],"
       "\"connections\":[{\"token\":77,\"remote\":\"192.0.2.10\",\"remote_port\":443,\"fallback\":false,\"bytes_in\":8000000,"
       "\"bytes_out\":80000,\"rate_in\":4000000.000,\"rate_out\":40000.000,\"subflows\":[{\"interface\":\"ens3\",\"local\":\"198.51.100.20\","
       "\"local_port\":40000,\"remote\":\"192.0.2.10\",\"remote_port\":443,\"via\":\"direct\",\"backup\":false,\"established\":true,"
       "\"rtt_ms\":31.200,\"retransmits\":3,\"bytes_in\":2000000,\"bytes_out\":20000,\"rate_in\":1000000.000,\"rate_out\":10000.000}]}],"
       "\"relays\":[{\"name\":\"main\",\"service\":\"active\",\"listen\":\"192.0.2.11 192.0.2.13\",\"proxy\":\"192.0.2.10\",\"rules\":2,"
       "\"flows\":null,\"bytes\":5120,\"packets\":102,\"limited\":11,\"refused\":4,\"rate\":null}],\"proxies\":[],\"racers\":[],\"complaints\":[],\"unseen\":[]}\n");
}

/* An IPv4 address takes 4 of its 16 bytes; the others are no order. */
static void test_order(void)
{
  g_autoptr(NeoStatus) status = neo_status_new();
  NeoStatusConnection *connection = neo_status_connection_new();

  for (guint16 port = 1; port <= 2; port++) {
    NeoStatusSubflow subflow = { .local_port = port };
    g_assert_true(neo_address_parse("192.0.2.10", &subflow.remote));
    memset(subflow.remote.bytes + 4, port == 1 ? 0xff : 0, 12);
    g_array_append_val(connection->subflows, subflow);
  }
  g_ptr_array_add(status->connections, connection);
  neo_status_sort(status);
  g_assert_cmpuint(g_array_index(connection->subflows, NeoStatusSubflow, 0).local_port, ==, 1);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/cli/figures", test_figures);
  g_test_add_func("/cli/json", test_json);
  g_test_add_func("/cli/gateway", test_gateway);
  g_test_add_func("/cli/fallback", test_fallback);
  g_test_add_func("/cli/brief", test_brief);
  g_test_add_func("/cli/routes", test_routes);
  g_test_add_func("/cli/rates", test_rates);
  g_test_add_func("/cli/nothing", test_nothing);
  g_test_add_func("/cli/relay", test_relay);
  g_test_add_func("/cli/counters", test_counters);
  g_test_add_func("/cli/proxy", test_proxy);
  g_test_add_func("/cli/racer", test_racer);
  g_test_add_func("/cli/status-json", test_status_json);
  g_test_add_func("/status/order", test_order);
  return g_test_run();
}
