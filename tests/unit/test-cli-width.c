/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "cli/status-render.h"
#include "cli/text.h"
#include "tests/unit/assert.h"

static void add_cells(NeoTextTable *table, const char *cells)
{
  g_auto(GStrv) words = g_strsplit(cells, "|", -1);

  for (char **word = words; *word; word++)
    neo_text_table_add(table, *word);
}

static void fits(const NeoTextTable *table, guint width, const char *wanted)
{
  g_autoptr(GString) text = g_string_new(NULL);

  neo_text_table_fit(table, 2, width, text);
  g_assert_cmpstr(text->str, ==, wanted);
}

static void test_table(void)
{
  g_autoptr(NeoTextTable) table = neo_text_table_new("NAME|ADDRESS|>IN|>OUT|STATE");

  add_cells(table, "a|192.0.2.1|1|22|up");
  add_cells(table, "|2001:db8::1|||");
  add_cells(table, "b|-|333|-|\xc3\xa4");
  fits(table, 37, "  NAME  ADDRESS       IN  OUT  STATE\n"
                  "  a     192.0.2.1      1   22  up\n"
                  "        2001:db8::1\n"
                  "  b     -            333    -  \xc3\xa4\n");
  g_assert_true(neo_text_table_fits(table, 2, 36));
  g_assert_false(neo_text_table_fits(table, 2, 35));
  fits(table, 35, "  NAME ADDRESS      IN OUT STATE\n"
                  "  a    192.0.2.1     1  22 up\n"
                  "       2001:db8::1\n"
                  "  b    -           333   - \xc3\xa4\n");
  fits(table, 31, "  NAME  ADDRESS\n"
                  "     IN  OUT  STATE\n"
                  "  a     192.0.2.1\n"
                  "        2001:db8::1\n"
                  "      1   22  up\n"
                  "  b     -\n"
                  "    333    -  \xc3\xa4\n");
  fits(table, 18, "  NAME\n    ADDRESS\n     IN  OUT\n    STATE\n"
                  "  a\n    192.0.2.1\n    2001:db8::1\n      1   22\n    up\n"
                  "  b\n    -\n    333    -\n    \xc3\xa4\n");
}

static void wraps(const char *sentence, guint width, const char *wanted)
{
  g_autoptr(GString) text = g_string_new(NULL);

  neo_text_wrap(sentence, 2, width, text);
  g_assert_cmpstr(text->str, ==, wanted);
}

static void test_wrap(void)
{
  wraps("one two", 9, "  one two\n");
  wraps("one two", 8, "  one\n    two\n");
  wraps("one two-and-a-half", 8, "  one\n    two-and-a-half\n");
  wraps("one two th\xc3\xa4\xc3\xa4", 10, "  one two\n    th\xc3\xa4\xc3\xa4\n");
}

#define LONG_ADDRESS "2001:db8:1111:2222:3333:4444:5555:"
static const NeoTraffic busy = { 998e12, 997e12, 124e6, 123e6 };

static void add_path(NeoStatus *status, const char *interface, const char *local)
{
  NeoStatusPath path = { .address = address(local), .lease = 40000, .table = 1999, .mptcp_endpoint = 255, .state = "no endpoint",
                         .subflows = 12345, .rtt_us = 1234567, .retransmits = 1234567, .traffic = busy };

  g_strlcpy(path.interface, interface, sizeof path.interface);
  g_array_append_val(status->paths, path);
}

static void add_way(NeoStatus *status, const char *interface, const char *remote, gboolean relay)
{
  NeoStatusWay way = { .remote = address(remote), .relay = relay, .joined = 1234, .joining = 56, .traffic = busy };

  g_strlcpy(way.interface, interface, sizeof way.interface);
  g_array_append_val(status->ways, way);
}

static void add_subflow(NeoStatusConnection *connection, const char *interface, const char *remote, gboolean relay)
{
  NeoStatusSubflow subflow = { .local = address("192.0.2.200"), .remote = address(remote), .local_port = 40000, .remote_port = 443, .relay = relay,
                               .up = TRUE, .backup = relay, .rtt_us = 30400, .retransmits = 1234, .traffic = busy };

  g_strlcpy(subflow.interface, interface, sizeof subflow.interface);
  g_array_append_val(connection->subflows, subflow);
}

static NeoStatusConnection *add_connection(NeoStatus *status, const char *remote)
{
  NeoStatusConnection *connection = neo_status_connection_new();

  connection->remote = address(remote);
  connection->remote_port = 65535;
  connection->fallback = TRUE;
  connection->traffic = busy;
  g_ptr_array_add(status->connections, connection);
  return connection;
}

static void add_relay(NeoStatus *status, const char *name, const char *listen, const char *proxy)
{
  NeoStatusRelay *relay = neo_status_relay_new(name);

  relay->service = g_strdup("deactivating");
  relay->listen = g_strdup(listen);
  relay->proxy = g_strdup(proxy);
  relay->rules = 123;
  relay->flows = 123456;
  relay->bytes = 999949;
  relay->limited = 1234567;
  g_ptr_array_add(status->relays, relay);
}

static void add_proxy(NeoStatus *status, const char *name)
{
  NeoStatusProxy *proxy = neo_status_proxy_new(name);
  NeoStatusAnnounced announced[] = {
    { .address = address("192.0.2.10"), .announced = TRUE, .subflows = 12345, .traffic = busy },
    { .address = address(LONG_ADDRESS "6666"), .relay = TRUE, .announced = TRUE, .subflows = 12345, .traffic = busy },
  };

  proxy->service = g_strdup("shadowsocks-libev-server@main.service");
  proxy->service_state = g_strdup("active");
  proxy->up = proxy->seen = TRUE;
  proxy->connections = 1234;
  g_array_append_vals(proxy->announced, announced, G_N_ELEMENTS(announced));
  g_ptr_array_add(status->proxies, proxy);
}

static void add_racer(NeoStatus *status)
{
  NeoStatusRacer *racer = neo_status_racer_new("8443");
  NeoStatusWins win = { g_strdup("[" LONG_ADDRESS "6666]:65535"), 1234567, 1234567 };

  racer->socket_state = g_strdup("deactivating");
  racer->service_state = g_strdup("deactivating");
  racer->running = TRUE;
  racer->open = 1234567;
  racer->failed = 1234567;
  g_array_append_val(racer->wins, win);
  g_ptr_array_add(status->racers, racer);
}

/* All roles, with names and figures as long as they may be. */
static NeoStatus *long_status(void)
{
  static const char *const interfaces[] = { "neo1", "uplink-campus-1" }, *const remotes[] = { "192.0.2.10", "198.51.100.200", LONG_ADDRESS "6666" };
  NeoStatus *status = neo_status_new();
  NeoStatusConnection *connection = add_connection(status, LONG_ADDRESS "6666");

  for (guint i = 0; i < G_N_ELEMENTS(interfaces); i++) {
    add_path(status, interfaces[i], "198.51.100.181");
    add_path(status, interfaces[i], LONG_ADDRESS "7777");
    for (guint k = 0; k < G_N_ELEMENTS(remotes); k++) {
      add_way(status, interfaces[i], remotes[k], k > 0);
      add_subflow(connection, interfaces[i], remotes[k], k > 0);
    }
  }
  add_relay(status, "a-relay-of-a-name", "192.0.2.11 192.0.2.13 " LONG_ADDRESS "1", "192.0.2.10 " LONG_ADDRESS "2");
  add_proxy(status, "a-proxy-of-a-name");
  add_racer(status);
  g_ptr_array_add(status->complaints, g_strdup("uplink-campus-1: its address " LONG_ADDRESS "7777 has no route of a table in 1000-1999 for it"));
  neo_status_unseen(status, "inside the namespace of proxy a-proxy-of-a-name: open /run/netns/neo-a-proxy-of-a-name: Permission denied");
  status->gateway = status->mptcp = TRUE;
  status->subflows = 64000;
  status->traffic = busy;
  neo_status_sort(status);
  return status;
}

static guint widest(const char *text)
{
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
  glong width = 0;

  for (char **line = lines; *line; line++)
    width = MAX(width, g_utf8_strlen(*line, -1));
  return width;
}

static void assert_has(const char *text, const char *const *words)
{
  for (; *words; words++)
    if (!strstr(text, *words))
      g_error("\"%s\" is not in:\n%s", *words, text);
}

/* No line is wider than the terminal, and nothing is left out. */
static void test_widths(void)
{
  static const guint widths[] = { 60, 80, 100, 119, 120, 160, 400 };
  g_autoptr(NeoStatus) status = long_status();

  for (guint i = 0; i < G_N_ELEMENTS(widths); i++) {
    g_autofree char *text = neo_status_to_text(status, widths[i], FALSE);
    if (widest(text) > widths[i])
      g_error("more than %u columns:\n%s", widths[i], text);
    assert_has(text, (const char *const[]){ "uplink-campus-1", LONG_ADDRESS "7777", "no endpoint", "relay " LONG_ADDRESS "6666", "relay 198.51.100.200",
                                            "1234, 56 joining", "a-relay-of-a-name", "192.0.2.13", LONG_ADDRESS "1", LONG_ADDRESS "2", "1234567",
                                            "shadowsocks-libev-server@main", "[" LONG_ADDRESS "6666]:65535", "1234.6 ms", "Permission", NULL });
  }
}

/* What people have: both families, a backup, addresses of a usual length. One line for each. */
static void test_usual(void)
{
  g_autoptr(NeoStatus) status = neo_status_new();
  NeoStatusConnection *connection = add_connection(status, "192.0.2.10");

  add_subflow(connection, "neo10", "203.0.113.210", TRUE);
  add_subflow(connection, "neo10", "203.0.113.10", FALSE);
  add_subflow(connection, "neo2", "203.0.113.10", FALSE);
  add_relay(status, "main", "203.0.113.210 2001:db8:a:b::210", "203.0.113.10 2001:db8:a:b::10");
  g_free(((NeoStatusRelay *)status->relays->pdata[0])->service);
  ((NeoStatusRelay *)status->relays->pdata[0])->service = g_strdup("active");
  status->mptcp = TRUE;
  status->subflows = 3;
  status->traffic = busy;
  neo_status_sort(status);
  g_autofree char *text = neo_status_to_text(status, 80, FALSE);
  g_assert_cmpstr(text, ==,
                  "Relay\n"
                  "  RELAY SERVICE LISTENS ON        PROXY            RULES  FLOWS    BYTES LIMITED\n"
                  "  main  active  203.0.113.210     203.0.113.10       123 123456 999.9 kB 1234567\n"
                  "                2001:db8:a:b::210 2001:db8:a:b::10\n"
                  "\n"
                  "Connections: 1 of MPTCP with 3 subflows; 992.0 Mbit/s in, 984.0 Mbit/s out\n"
                  "  with 192.0.2.10:65535: 998.0 TB in, 997.0 TB out; it fell back to plain TCP\n"
                  "  PATH  REMOTE        VIA                     IN          OUT     RTT RETR SHARE\n"
                  "  neo2  203.0.113.10  direct        992.0 Mbit/s 984.0 Mbit/s 30.4 ms 1234  100%\n"
                  "  neo10 203.0.113.10  direct        992.0 Mbit/s 984.0 Mbit/s 30.4 ms 1234  100%\n"
                  "  neo10 203.0.113.210 relay, backup 992.0 Mbit/s 984.0 Mbit/s 30.4 ms 1234  100%\n");
}

/* neo2 before neo10, the direct way before a relay, then by address and port. */
static void test_order(void)
{
  static const struct { const char *interface, *remote; gboolean relay; } wanted[] = {
    { "", "192.0.2.10", FALSE }, { "neo2", "192.0.2.12", FALSE }, { "neo2", "192.0.2.11", TRUE }, { "neo2", "2001:db8::1", TRUE },
    { "neo10", "192.0.2.10", FALSE }, { "wlan0", "192.0.2.10", FALSE },
  };
  static const guint mixed[] = { 4, 2, 0, 5, 3, 1 };
  g_autoptr(NeoStatus) status = neo_status_new();
  NeoStatusConnection *connection = add_connection(status, "192.0.2.10");

  for (guint i = 0; i < G_N_ELEMENTS(mixed); i++)
    add_subflow(connection, wanted[mixed[i]].interface, wanted[mixed[i]].remote, wanted[mixed[i]].relay);
  neo_status_sort(status);
  for (guint i = 0; i < G_N_ELEMENTS(wanted); i++) {
    const NeoStatusSubflow *subflow = &g_array_index(connection->subflows, NeoStatusSubflow, i);
    g_autofree char *remote = neo_address_to_string(&subflow->remote);
    g_assert_cmpstr(subflow->interface, ==, wanted[i].interface);
    g_assert_cmpstr(remote, ==, wanted[i].remote);
    g_assert_cmpint(subflow->relay, ==, wanted[i].relay);
  }
}

/* Of very many addresses as many as make some tables, and how many are left. */
static void test_many_ways(void)
{
  g_autoptr(NeoStatus) status = neo_status_new();

  for (guint i = 1; i <= 20; i++) {
    g_autofree char *remote = g_strdup_printf("192.0.2.%u", i);
    add_way(status, "neo1", remote, i > 1);
  }
  status->gateway = status->mptcp = TRUE;
  g_autofree char *text = neo_status_to_text(status, 80, FALSE);
  assert_has(text, (const char *const[]){ " relay 192.0.2.16\n", "\n  and to 4 more: neo status --json\n", NULL });
  g_assert_null(strstr(text, "192.0.2.17"));
  g_assert_cmpuint(widest(text), <=, 80);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/cli/width/table", test_table);
  g_test_add_func("/cli/width/wrap", test_wrap);
  g_test_add_func("/cli/width/all", test_widths);
  g_test_add_func("/cli/width/usual", test_usual);
  g_test_add_func("/cli/width/order", test_order);
  g_test_add_func("/cli/width/many-ways", test_many_ways);
  return g_test_run();
}
