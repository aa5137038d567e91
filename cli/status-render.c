/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/status-render.h"

#include <stdarg.h>
#include <string.h>

#include "cli/status-ways.h"
#include "cli/text.h"

/* Below this a table with all columns does not fit. */
enum { WIDE = 120 };

typedef struct {
  GString *text;
  guint width;
  gboolean all;
} Page;

static gboolean is_wide(const Page *page)
{
  return page->width >= WIDE;
}

static void print_table(const Page *page, const NeoTextTable *table, guint indent)
{
  neo_text_table_fit(table, indent, page->width, page->text);
}

static void print_sentence(const Page *page, guint indent, const char *format, ...) G_GNUC_PRINTF(3, 4);

static void print_sentence(const Page *page, guint indent, const char *format, ...)
{
  va_list args;

  va_start(args, format);
  g_autofree char *sentence = g_strdup_vprintf(format, args);
  va_end(args);
  neo_text_wrap(sentence, indent, page->width, page->text);
}

static char *address_text(const NeoAddress *address)
{
  return address->family ? neo_address_to_string(address) : g_strdup("-");
}

static const char *or_dash(const char *text)
{
  return text && *text ? text : "-";
}

static char *count_text(gint64 count)
{
  return count < 0 ? g_strdup("-") : g_strdup_printf("%" G_GINT64_FORMAT, count);
}

static void add_count(NeoTextTable *table, gint64 count)
{
  neo_text_table_take(table, count_text(count));
}

static void add_path_settings(NeoTextTable *table, const NeoStatusPath *path)
{
  neo_text_table_take(table, address_text(&path->address));
  neo_text_table_take(table, path->address.family ? neo_text_duration(path->lease) : g_strdup("-"));
  neo_text_table_take(table, path->table ? g_strdup_printf("%u", path->table) : g_strdup("-"));
  neo_text_table_add(table, path->rule ? "yes" : "no");
  neo_text_table_take(table, path->mptcp_endpoint > 0 ? g_strdup_printf("%d", path->mptcp_endpoint) : g_strdup(path->mptcp_endpoint ? "?" : "-"));
  neo_text_table_add(table, path->state);
}

static void add_path_traffic(NeoTextTable *table, const NeoStatusPath *path, const NeoStatus *status)
{
  add_count(table, path->subflows);
  neo_text_table_take(table, neo_text_rate(path->traffic.rate_in));
  neo_text_table_take(table, neo_text_rate(path->traffic.rate_out));
  neo_text_table_take(table, neo_text_rtt(path->rtt_us));
  add_count(table, path->retransmits);
  neo_text_table_take(table, neo_text_share(path->traffic.in + path->traffic.out, status->traffic.in + status->traffic.out));
}

#define SETTINGS "PATH|ADDRESS|>LEASE|>TABLE|RULE|ENDPOINT|STATE"
#define TRAFFIC ">SUBFLOWS|>IN|>OUT|>RTT|>RETRANS|>SHARE"

static void print_paths(const Page *page, const NeoStatus *status)
{
  gboolean wide = is_wide(page);
  g_autoptr(NeoTextTable) settings = neo_text_table_new(wide ? SETTINGS "|" TRAFFIC : SETTINGS);
  g_autoptr(NeoTextTable) traffic = neo_text_table_new("PATH|" TRAFFIC);

  for (guint i = 0; i < status->paths->len; i++) {
    const NeoStatusPath *path = &g_array_index(status->paths, NeoStatusPath, i);
    neo_text_table_add(settings, path->interface);
    add_path_settings(settings, path);
    if (wide)
      add_path_traffic(settings, path, status);
    neo_text_table_add(traffic, path->interface);
    add_path_traffic(traffic, path, status);
  }
  print_table(page, settings, 2);
  if (wide || !status->subflows)
    return;
  g_string_append_c(page->text, '\n');
  print_table(page, traffic, 2);
}

static guint count_up(const NeoStatus *status)
{
  guint up = 0;

  for (guint i = 0; i < status->paths->len; i++)
    up += g_str_equal(g_array_index(status->paths, NeoStatusPath, i).state, "up");
  return up;
}

static void print_gateway(const Page *page, const NeoStatus *status)
{
  guint n = status->paths->len;

  print_sentence(page, 0, "Gateway: %u of %u address%s of paths up; %s makes the subflows", count_up(status), n, n == 1 ? "" : "es",
                 status->userspace ? "neo-pathd" : "the kernel");
  for (guint i = 0; i < status->complaints->len; i++) {
    g_autofree char *clean = neo_text_clean(status->complaints->pdata[i]);
    print_sentence(page, 2, "! %s", clean);
  }
  print_paths(page, status);
  neo_status_print_ways(status, page->width, page->text);
}

static void add_subflow(NeoTextTable *table, const NeoStatusConnection *connection, const NeoStatusSubflow *subflow, gboolean wide)
{
  const NeoTraffic *traffic = &subflow->traffic;
  g_autofree char *local = neo_address_to_string(&subflow->local), *remote = neo_address_to_string(&subflow->remote);

  neo_text_table_add(table, or_dash(subflow->interface));
  if (wide)
    neo_text_table_take(table, neo_text_endpoint(local, subflow->local_port));
  neo_text_table_take(table, wide ? neo_text_endpoint(remote, subflow->remote_port) : g_strdup(remote));
  neo_text_table_take(table, g_strdup_printf("%s%s", subflow->relay ? "relay" : "direct", !subflow->up ? ", joining" : subflow->backup ? ", backup" : ""));
  neo_text_table_take(table, neo_text_rate(traffic->rate_in));
  neo_text_table_take(table, neo_text_rate(traffic->rate_out));
  neo_text_table_take(table, neo_text_rtt(subflow->rtt_us));
  add_count(table, subflow->retransmits);
  neo_text_table_take(table, neo_text_share(traffic->in + traffic->out, connection->traffic.in + connection->traffic.out));
}

static void print_connection(const Page *page, const NeoStatusConnection *connection)
{
  gboolean wide = is_wide(page);
  g_autofree char *address = neo_address_to_string(&connection->remote);
  g_autofree char *remote = neo_text_endpoint(address, connection->remote_port);
  g_autofree char *in = neo_text_bytes(connection->traffic.in), *out = neo_text_bytes(connection->traffic.out);
  g_autoptr(NeoTextTable) table = neo_text_table_new(wide ? "PATH|LOCAL|REMOTE|VIA|>IN|>OUT|>RTT|>RETRANS|>SHARE"
                                                          : "PATH|REMOTE|VIA|>IN|>OUT|>RTT|>RETR|>SHARE");

  print_sentence(page, 2, "with %s: %s in, %s out%s", remote, in, out, connection->fallback ? "; it fell back to plain TCP" : "");
  for (guint i = 0; i < connection->subflows->len; i++)
    add_subflow(table, connection, &g_array_index(connection->subflows, NeoStatusSubflow, i), wide);
  if (connection->subflows->len)
    print_table(page, table, wide ? 4 : 2);
}

static void print_connections(const Page *page, const NeoStatus *status)
{
  guint n = status->connections->len, shown = page->all ? n : MIN(n, NEO_STATUS_SHOWN);
  g_autofree char *in = neo_text_rate(status->traffic.rate_in), *out = neo_text_rate(status->traffic.rate_out);

  if (!n)
    return;
  print_sentence(page, 0, "Connections: %u of MPTCP with %u subflows; %s in, %s out", n, status->subflows, in, out);
  for (guint i = 0; i < shown; i++)
    print_connection(page, status->connections->pdata[i]);
  if (shown < n)
    print_sentence(page, 2, "and %u more with less traffic: neo status --all", n - shown);
}

static void add_relay(NeoTextTable *table, const NeoStatusRelay *relay, const char *listen, const char *proxy)
{
  neo_text_table_add(table, relay->name);
  neo_text_table_add(table, or_dash(relay->service));
  neo_text_table_add(table, or_dash(listen));
  neo_text_table_add(table, or_dash(proxy));
  add_count(table, relay->rules);
  add_count(table, relay->flows);
  neo_text_table_take(table, relay->bytes < 0 ? g_strdup("-") : neo_text_bytes(relay->bytes));
  add_count(table, relay->limited);
}

/* A row that goes on with that of its relay. */
static void add_addresses(NeoTextTable *table, const char *listen, const char *proxy)
{
  const char *const cells[] = { "", "", listen, or_dash(proxy), "", "", "", "" };

  for (guint i = 0; i < G_N_ELEMENTS(cells); i++)
    neo_text_table_add(table, cells[i]);
}

/* A relay has one proxy of each family. */
static const char *proxy_of(char **proxies, const char *listen)
{
  for (; *proxies; proxies++)
    if (!strchr(*proxies, ':') == !strchr(listen, ':'))
      return *proxies;
  return NULL;
}

/* A row for each address that it listens on. */
static void add_relay_by_address(NeoTextTable *table, const NeoStatusRelay *relay)
{
  g_auto(GStrv) listen = g_strsplit(relay->listen, " ", -1), proxies = g_strsplit(or_dash(relay->proxy), " ", -1);

  add_relay(table, relay, listen[0], proxy_of(proxies, listen[0]));
  for (guint i = 1; listen[i]; i++)
    add_addresses(table, listen[i], proxy_of(proxies, listen[i]));
}

static void print_relays(const Page *page, const NeoStatus *status)
{
  g_autoptr(NeoTextTable) table = neo_text_table_new("RELAY|SERVICE|LISTENS ON|PROXY|>RULES|>FLOWS|>BYTES|>LIMITED");

  if (!status->relays->len)
    return;
  g_string_append(page->text, "Relay\n");
  for (guint i = 0; i < status->relays->len; i++) {
    const NeoStatusRelay *relay = status->relays->pdata[i];
    if (is_wide(page) || !relay->listen)
      add_relay(table, relay, relay->listen, relay->proxy);
    else
      add_relay_by_address(table, relay);
  }
  print_table(page, table, 2);
}

/* A unit's name, which is ".service" anyway where there is no room. */
static char *unit_text(const Page *page, const char *unit)
{
  g_autofree char *text = g_strdup(or_dash(unit));

  if (!is_wide(page) && g_str_has_suffix(text, ".service"))
    text[strlen(text) - strlen(".service")] = '\0';
  return g_steal_pointer(&text);
}

static void print_proxy_heading(const Page *page, const NeoStatusProxy *proxy)
{
  g_autofree char *unit = unit_text(page, proxy->service);
  g_autofree char *connections = g_strdup_printf(", %u connection%s", proxy->connections, proxy->connections == 1 ? "" : "s");

  print_sentence(page, 2, "%s: %s is %s; namespace %s%s", proxy->name, unit, or_dash(proxy->service_state), proxy->up ? "up" : "not there",
                 proxy->seen ? connections : "");
}

static void print_proxy(const Page *page, const NeoStatusProxy *proxy)
{
  g_autoptr(NeoTextTable) table = neo_text_table_new("ANNOUNCES|VIA|ANNOUNCED|>SUBFLOWS|>IN|>OUT");

  print_proxy_heading(page, proxy);
  for (guint i = 0; i < proxy->announced->len; i++) {
    const NeoStatusAnnounced *announced = &g_array_index(proxy->announced, NeoStatusAnnounced, i);
    neo_text_table_take(table, neo_address_to_string(&announced->address));
    neo_text_table_add(table, announced->relay ? "relay" : "direct");
    neo_text_table_add(table, !proxy->seen ? "?" : announced->announced ? "yes" : "no");
    add_count(table, proxy->seen ? (gint64)announced->subflows : -1);
    neo_text_table_take(table, proxy->seen ? neo_text_bytes(announced->traffic.in) : g_strdup("-"));
    neo_text_table_take(table, proxy->seen ? neo_text_bytes(announced->traffic.out) : g_strdup("-"));
  }
  if (proxy->announced->len)
    print_table(page, table, 4);
}

static void print_proxies(const Page *page, const NeoStatus *status)
{
  if (!status->proxies->len)
    return;
  g_string_append(page->text, "Proxy\n");
  for (guint i = 0; i < status->proxies->len; i++)
    print_proxy(page, status->proxies->pdata[i]);
}

static void print_racer(const Page *page, const NeoStatusRacer *racer)
{
  g_autoptr(NeoTextTable) table = neo_text_table_new("ENDPOINT|>WON|>LAST CONNECT");

  g_autofree char *races = g_strdup_printf("; %" G_GUINT64_FORMAT " open, %" G_GUINT64_FORMAT " races that nobody won", racer->open, racer->failed);

  print_sentence(page, 2, "%s: socket %s, service %s%s", racer->name, or_dash(racer->socket_state), or_dash(racer->service_state),
                 racer->running ? races : "");
  for (guint i = 0; i < racer->wins->len; i++) {
    const NeoStatusWins *win = &g_array_index(racer->wins, NeoStatusWins, i);
    neo_text_table_add(table, win->endpoint);
    add_count(table, racer->running ? (gint64)win->won : -1);
    neo_text_table_take(table, neo_text_rtt(win->connect_us));
  }
  print_table(page, table, 4);
}

static void print_racers(const Page *page, const NeoStatus *status)
{
  if (!status->racers->len)
    return;
  g_string_append(page->text, "Racer\n");
  for (guint i = 0; i < status->racers->len; i++)
    print_racer(page, status->racers->pdata[i]);
}

static void print_unseen(const Page *page, const NeoStatus *status)
{
  if (!status->unseen->len)
    return;
  g_string_append(page->text, "Not seen\n");
  for (guint i = 0; i < status->unseen->len; i++) {
    g_autofree char *clean = neo_text_clean(status->unseen->pdata[i]);
    print_sentence(page, 2, "%s", clean);
  }
}

/* Runs @print and puts an empty line before what it wrote, unless it is the first. */
static void section(const Page *page, const NeoStatus *status, void (*print)(const Page *page, const NeoStatus *status))
{
  gsize before = page->text->len;

  print(page, status);
  if (before && page->text->len > before)
    g_string_insert_c(page->text, before, '\n');
}

char *neo_status_to_text(const NeoStatus *status, guint width, gboolean all)
{
  Page page = { g_string_new(NULL), width, all };

  if (!status->mptcp)
    print_sentence(&page, 0, "Multipath TCP is off or not in this kernel: neo check says more.");
  if (status->gateway)
    section(&page, status, print_gateway);
  section(&page, status, print_racers);
  section(&page, status, print_relays);
  section(&page, status, print_proxies);
  if (!page.text->len)
    print_sentence(&page, 0, "This host has no role of Neo yet: no path, no relay, no proxy, no racer. See neo(8).");
  section(&page, status, print_connections);
  section(&page, status, print_unseen);
  return g_string_free(page.text, FALSE);
}
