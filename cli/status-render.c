/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/status-render.h"

#include "cli/status-ways.h"
#include "cli/text.h"

/* Below this a table with all columns does not fit. */
enum { WIDE = 120 };

typedef struct {
  GString *text;
  guint width;
  gboolean all;
} Page;

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
  gboolean wide = page->width >= WIDE;
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
  neo_text_table_print(settings, 2, page->text);
  if (wide || !status->subflows)
    return;
  g_string_append_c(page->text, '\n');
  neo_text_table_print(traffic, 2, page->text);
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

  g_string_append_printf(page->text, "Gateway: %u of %u address%s of paths up; %s makes the subflows\n", count_up(status), n, n == 1 ? "" : "es",
                         status->userspace ? "neo-pathd" : "the kernel");
  for (guint i = 0; i < status->complaints->len; i++) {
    g_autofree char *clean = neo_text_clean(status->complaints->pdata[i]);
    g_string_append_printf(page->text, "  ! %s\n", clean);
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
  gboolean wide = page->width >= WIDE;
  g_autofree char *address = neo_address_to_string(&connection->remote);
  g_autofree char *remote = neo_text_endpoint(address, connection->remote_port);
  g_autofree char *in = neo_text_bytes(connection->traffic.in), *out = neo_text_bytes(connection->traffic.out);
  g_autoptr(NeoTextTable) table = neo_text_table_new(wide ? "PATH|LOCAL|REMOTE|VIA|>IN|>OUT|>RTT|>RETRANS|>SHARE"
                                                          : "PATH|REMOTE|VIA|>IN|>OUT|>RTT|>RETRANS|>SHARE");

  g_string_append_printf(page->text, "  with %s: %s in, %s out%s\n", remote, in, out, connection->fallback ? "; it fell back to plain TCP" : "");
  for (guint i = 0; i < connection->subflows->len; i++)
    add_subflow(table, connection, &g_array_index(connection->subflows, NeoStatusSubflow, i), wide);
  if (connection->subflows->len)
    neo_text_table_print(table, 4, page->text);
}

static void print_connections(const Page *page, const NeoStatus *status)
{
  guint n = status->connections->len, shown = page->all ? n : MIN(n, NEO_STATUS_SHOWN);
  g_autofree char *in = neo_text_rate(status->traffic.rate_in), *out = neo_text_rate(status->traffic.rate_out);

  if (!n)
    return;
  g_string_append_printf(page->text, "Connections: %u of MPTCP with %u subflows; %s in, %s out\n", n, status->subflows, in, out);
  for (guint i = 0; i < shown; i++)
    print_connection(page, status->connections->pdata[i]);
  if (shown < n)
    g_string_append_printf(page->text, "  and %u more with less traffic: neo status --all\n", n - shown);
}

static void print_relays(const Page *page, const NeoStatus *status)
{
  g_autoptr(NeoTextTable) table = neo_text_table_new("RELAY|SERVICE|LISTENS ON|PROXY|>RULES|>FLOWS|>BYTES|>LIMITED");

  if (!status->relays->len)
    return;
  g_string_append(page->text, "Relay\n");
  for (guint i = 0; i < status->relays->len; i++) {
    const NeoStatusRelay *relay = status->relays->pdata[i];
    neo_text_table_add(table, relay->name);
    neo_text_table_add(table, or_dash(relay->service));
    neo_text_table_add(table, or_dash(relay->listen));
    neo_text_table_add(table, or_dash(relay->proxy));
    add_count(table, relay->rules);
    add_count(table, relay->flows);
    neo_text_table_take(table, relay->bytes < 0 ? g_strdup("-") : neo_text_bytes(relay->bytes));
    add_count(table, relay->limited);
  }
  neo_text_table_print(table, 2, page->text);
}

static void print_proxy(const Page *page, const NeoStatusProxy *proxy)
{
  g_autoptr(NeoTextTable) table = neo_text_table_new("ANNOUNCES|VIA|ANNOUNCED|>SUBFLOWS|>IN|>OUT");

  g_string_append_printf(page->text, "  %s: %s is %s; namespace %s", proxy->name, or_dash(proxy->service), or_dash(proxy->service_state),
                         proxy->up ? "up" : "not there");
  if (proxy->seen)
    g_string_append_printf(page->text, ", %u connection%s", proxy->connections, proxy->connections == 1 ? "" : "s");
  g_string_append_c(page->text, '\n');
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
    neo_text_table_print(table, 4, page->text);
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

  g_string_append_printf(page->text, "  %s: socket %s, service %s", racer->name, or_dash(racer->socket_state), or_dash(racer->service_state));
  if (racer->running)
    g_string_append_printf(page->text, "; %" G_GUINT64_FORMAT " open, %" G_GUINT64_FORMAT " races that nobody won", racer->open, racer->failed);
  g_string_append_c(page->text, '\n');
  for (guint i = 0; i < racer->wins->len; i++) {
    const NeoStatusWins *win = &g_array_index(racer->wins, NeoStatusWins, i);
    neo_text_table_add(table, win->endpoint);
    add_count(table, racer->running ? (gint64)win->won : -1);
    neo_text_table_take(table, neo_text_rtt(win->connect_us));
  }
  neo_text_table_print(table, 4, page->text);
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
    g_string_append_printf(page->text, "  %s\n", clean);
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
    g_string_append(page.text, "Multipath TCP is off or not in this kernel: neo check says more.\n");
  if (status->gateway)
    section(&page, status, print_gateway);
  section(&page, status, print_racers);
  section(&page, status, print_relays);
  section(&page, status, print_proxies);
  if (!page.text->len)
    g_string_append(page.text, "This host has no role of Neo yet: no path, no relay, no proxy, no racer. See neo(8).\n");
  section(&page, status, print_connections);
  section(&page, status, print_unseen);
  return g_string_free(page.text, FALSE);
}
