/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/top-model.h"

#include <string.h>

#include "cli/text.h"

enum { HISTORY = 240 };

typedef enum { GROUP_PATH, GROUP_WAY, GROUP_RELAY, GROUP_PROXY, N_GROUPS } Group;

/* What a group's columns of figures are called; one that it never has is blank. */
static const struct {
  const char *name, *in, *out, *rtt;
} groups[N_GROUPS] = {
  { "Paths", "IN", "OUT", "RTT" },
  { "Ways", "IN", "OUT", "RTT" },
  { "Relays", "FORWARDED", "", "" },
  { "Announced", "IN", "OUT", "" },
};

typedef struct {
  Group group;
  char *name;
  const char *state;  /* static; NULL: up */
  guint32 rtt_us;
  NeoTraffic traffic; /* of this look */
  NeoTraffic before;  /* of the last look */
  gint64 at;          /* of this look; of the last one until it is seen again */
  GArray *history;    /* double: bytes per second, oldest first */
} Row;

struct NeoTop {
  GPtrArray *rows; /* Row */
  NeoTopOrder order;
  NeoTraffic sum;
  guint connections, subflows; /* of this host */
  guint clients;               /* connections of its proxies */
};

static void free_row(gpointer data)
{
  Row *row = data;

  g_free(row->name);
  g_array_unref(row->history);
  g_free(row);
}

NeoTop *neo_top_new(void)
{
  NeoTop *top = g_new0(NeoTop, 1);

  top->rows = g_ptr_array_new_with_free_func(free_row);
  return top;
}

void neo_top_free(NeoTop *top)
{
  if (!top)
    return;
  g_ptr_array_unref(top->rows);
  g_free(top);
}

static Row *find(const NeoTop *top, Group group, const char *name)
{
  for (guint i = 0; i < top->rows->len; i++) {
    Row *row = top->rows->pdata[i];
    if (row->group == group && g_str_equal(row->name, name))
      return row;
  }
  return NULL;
}

/* Several subflows or addresses make one row; the first of a look begins it anew. */
static Row *row_of(NeoTop *top, Group group, const char *name, gint64 now)
{
  Row *row = find(top, group, name);

  if (!row) {
    row = g_new0(Row, 1);
    *row = (Row){ .group = group, .name = g_strdup(name), .history = g_array_new(FALSE, FALSE, sizeof(double)) };
    row->traffic = NEO_TRAFFIC_NONE;
    g_ptr_array_add(top->rows, row);
  } else if (row->at != now) {
    row->before = row->traffic;
    row->traffic = NEO_TRAFFIC_NONE;
    row->rtt_us = 0;
    row->state = NULL;
  }
  row->at = now;
  return row;
}

static void add(NeoTop *top, Group group, const char *name, const NeoTraffic *traffic, guint32 rtt_us, gint64 now)
{
  Row *row = row_of(top, group, name, now);

  neo_traffic_add(&row->traffic, traffic);
  row->rtt_us = row->rtt_us && rtt_us ? MIN(row->rtt_us, rtt_us) : MAX(row->rtt_us, rtt_us);
}

static void take_paths(NeoTop *top, const NeoStatus *status, gint64 now)
{
  for (guint i = 0; i < status->paths->len; i++) {
    const NeoStatusPath *path = &g_array_index(status->paths, NeoStatusPath, i);
    Row *row = row_of(top, GROUP_PATH, path->interface, now);
    if (!g_str_equal(path->state, "up"))
      row->state = path->state;
  }
}

static void take_connection(NeoTop *top, const NeoStatusConnection *connection, gint64 now)
{
  for (guint i = 0; i < connection->subflows->len; i++) {
    const NeoStatusSubflow *subflow = &g_array_index(connection->subflows, NeoStatusSubflow, i);
    g_autofree char *remote = neo_address_to_string(&subflow->remote);
    g_autofree char *way = g_strconcat(remote, subflow->relay ? " relay" : " direct", NULL);
    if (*subflow->interface)
      add(top, GROUP_PATH, subflow->interface, &subflow->traffic, subflow->rtt_us, now);
    add(top, GROUP_WAY, way, &subflow->traffic, subflow->rtt_us, now);
  }
}

static void take_services(NeoTop *top, const NeoStatus *status, gint64 now)
{
  for (guint i = 0; i < status->relays->len; i++) {
    const NeoStatusRelay *relay = status->relays->pdata[i];
    NeoTraffic traffic = { MAX(relay->bytes, 0), 0, relay->rate, -1 };
    add(top, GROUP_RELAY, relay->name, &traffic, 0, now);
  }
  for (guint i = 0; i < status->proxies->len; i++) {
    const NeoStatusProxy *proxy = status->proxies->pdata[i];
    top->clients += proxy->connections;
    for (guint k = 0; k < proxy->announced->len; k++) {
      const NeoStatusAnnounced *announced = &g_array_index(proxy->announced, NeoStatusAnnounced, k);
      g_autofree char *address = neo_address_to_string(&announced->address);
      g_autofree char *name = g_strdup_printf("%s %s", proxy->name, address);
      add(top, GROUP_PROXY, name, &announced->traffic, 0, now);
    }
  }
}

static double rate_of(const Row *row)
{
  return MAX(row->traffic.rate_in, 0) + MAX(row->traffic.rate_out, 0);
}

static double rate_between(guint64 before, guint64 now, gint64 us)
{
  return now >= before ? (now - before) * (double)G_USEC_PER_SEC / us : 0;
}

/* Where nobody measured a rate, the bytes since the last look tell it. */
static void end_look(Row *row, gint64 before)
{
  if (row->traffic.rate_in < 0 && row->traffic.rate_out < 0 && before && row->history->len) {
    row->traffic.rate_in = rate_between(row->before.in, row->traffic.in, row->at - before);
    row->traffic.rate_out = rate_between(row->before.out, row->traffic.out, row->at - before);
  }
  double rate = rate_of(row);
  g_array_append_val(row->history, rate);
  if (row->history->len > HISTORY)
    g_array_remove_index(row->history, 0);
}

void neo_top_update(NeoTop *top, const NeoStatus *status, gint64 now)
{
  gint64 before = top->rows->len ? ((Row *)top->rows->pdata[0])->at : 0;

  top->clients = 0;
  take_paths(top, status, now);
  for (guint i = 0; i < status->connections->len; i++)
    take_connection(top, status->connections->pdata[i], now);
  take_services(top, status, now);
  for (guint i = top->rows->len; i-- > 0;) {
    Row *row = top->rows->pdata[i];
    if (row->at != now)
      g_ptr_array_remove_index(top->rows, i);
    else
      end_look(row, before);
  }
  top->sum = status->traffic;
  top->connections = status->connections->len;
  top->subflows = status->subflows;
  neo_top_sort(top, top->order);
}

static int compare(gconstpointer a, gconstpointer b, gpointer data)
{
  const Row *x = *(Row *const *)a, *y = *(Row *const *)b;
  NeoTopOrder order = *(const NeoTopOrder *)data;

  if (x->group != y->group)
    return x->group < y->group ? -1 : 1;
  if (order == NEO_TOP_BY_RATE && (rate_of(x) > rate_of(y) || rate_of(x) < rate_of(y)))
    return rate_of(x) > rate_of(y) ? -1 : 1;
  if (order == NEO_TOP_BY_RTT && x->rtt_us != y->rtt_us)
    return x->rtt_us > y->rtt_us ? -1 : 1;
  /* neo2 before neo10. */
  return strverscmp(x->name, y->name);
}

void neo_top_sort(NeoTop *top, NeoTopOrder order)
{
  top->order = order;
  g_ptr_array_sort_with_data(top->rows, compare, &order);
}

char *neo_top_bar(double value, double max, guint width, gboolean ascii)
{
  static const char *const eighths[] = { "", "▏", "▎", "▍", "▌", "▋", "▊", "▉" };
  guint parts = max > 0 ? CLAMP(value / max, 0, 1) * width * 8 + 0.5 : 0, full = parts / 8, used = full;
  GString *bar = g_string_new(NULL);

  for (guint i = 0; i < full; i++)
    g_string_append(bar, ascii ? "#" : "█");
  if (!ascii && parts % 8) {
    g_string_append(bar, eighths[parts % 8]);
    used++;
  }
  g_string_append_printf(bar, "%*s", (int)(width - used), "");
  return g_string_free(bar, FALSE);
}

char *neo_top_sparkline(const GArray *values, guint width, gboolean ascii)
{
  static const char *const blocks[] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
  static const char *const marks[] = { "_", ".", ":", "-", "=", "+", "*", "#" };
  guint n = MIN(values->len, width);
  GString *line = g_string_new(NULL);
  double max = 0;

  for (guint i = values->len - n; i < values->len; i++)
    max = MAX(max, g_array_index(values, double, i));
  g_string_append_printf(line, "%*s", (int)(width - n), "");
  for (guint i = values->len - n; i < values->len; i++) {
    guint level = max > 0 ? g_array_index(values, double, i) / max * (G_N_ELEMENTS(blocks) - 1) + 0.5 : 0;
    g_string_append(line, ascii ? marks[level] : blocks[level]);
  }
  return g_string_free(line, FALSE);
}

typedef struct {
  GArray *lines;
  guint width, height, name_width;
  gboolean ascii;
  double max[N_GROUPS];
} Screen;

/* Cuts @text to the width; takes it. */
static void put(Screen *screen, NeoTopStyle style, char *text)
{
  NeoTopLine line = { text, style };

  if (screen->lines->len >= screen->height) {
    g_free(text);
    return;
  }
  if (g_utf8_strlen(text, -1) > (glong)screen->width)
    *g_utf8_offset_to_pointer(text, screen->width) = '\0';
  g_array_append_val(screen->lines, line);
}

enum { FIGURES = 40 /* two rates, a round trip and the blanks between them */ };

static void put_row(Screen *screen, const Row *row)
{
  g_autofree char *name = neo_text_clean(row->name), *in = neo_text_rate(row->traffic.rate_in);
  g_autofree char *out = *groups[row->group].out ? neo_text_rate(row->traffic.rate_out) : g_strdup("");
  g_autofree char *rtt = row->state ? g_strdup(row->state) : *groups[row->group].rtt ? neo_text_rtt(row->rtt_us) : g_strdup("");
  guint used = 2 + screen->name_width + FIGURES, rest = screen->width > used + 2 ? screen->width - used - 2 : 0, bar_width = rest / 2;
  g_autofree char *bar = neo_top_bar(rate_of(row), screen->max[row->group], bar_width, screen->ascii);
  g_autofree char *sparkline = neo_top_sparkline(row->history, rest - bar_width, screen->ascii);
  glong padding = screen->name_width - g_utf8_strlen(name, -1);

  put(screen, row->state ? NEO_TOP_BAD : rate_of(row) > 0 ? NEO_TOP_BUSY : NEO_TOP_PLAIN,
      g_strdup_printf("  %s%*s %12s %12s %11s  %s  %s", name, (int)MAX(padding, 0), "", in, out, rtt, bar, sparkline));
}

static NeoTraffic sum_of(const NeoTop *top, Group group)
{
  NeoTraffic sum = NEO_TRAFFIC_NONE;

  for (guint i = 0; i < top->rows->len; i++) {
    const Row *row = top->rows->pdata[i];
    if (row->group == group)
      neo_traffic_add(&sum, &row->traffic);
  }
  return sum;
}

static gboolean has(const NeoTop *top, Group group)
{
  for (guint i = 0; i < top->rows->len; i++)
    if (((Row *)top->rows->pdata[i])->group == group)
      return TRUE;
  return FALSE;
}

static void add_traffic(GString *title, const char *what, const NeoTraffic *traffic, guint connections)
{
  g_autofree char *in = neo_text_rate(traffic->rate_in), *out = neo_text_rate(traffic->rate_out);

  g_string_append_printf(title, "%s%s%s in, %s out; %u connection%s", title->len ? "; " : "", what, in, out, connections, connections == 1 ? "" : "s");
}

/* A host that only serves others has no traffic of its own to tell of. */
static char *title_of(const NeoTop *top)
{
  gboolean relays = has(top, GROUP_RELAY), proxies = has(top, GROUP_PROXY);
  GString *title = g_string_new(NULL);

  if (top->connections || has(top, GROUP_PATH) || (!relays && !proxies)) {
    add_traffic(title, "", &top->sum, top->connections);
    g_string_append_printf(title, ", %u subflow%s", top->subflows, top->subflows == 1 ? "" : "s");
  }
  if (relays) {
    NeoTraffic sum = sum_of(top, GROUP_RELAY);
    g_autofree char *forwarded = neo_text_rate(sum.rate_in);
    g_string_append_printf(title, "%s%s forwarded", title->len ? "; " : "", forwarded);
  }
  if (proxies) {
    NeoTraffic sum = sum_of(top, GROUP_PROXY);
    add_traffic(title, "proxy ", &sum, top->clients);
  }
  return g_string_free(title, FALSE);
}

static void put_title(Screen *screen, const NeoTop *top, gboolean paused)
{
  static const char *const orders[] = { "name", "rate", "round trip" };
  g_autofree char *title = title_of(top);

  put(screen, NEO_TOP_TITLE, g_strdup_printf("neo top%s: %s", paused ? " PAUSED" : "", title));
  put(screen, NEO_TOP_PLAIN, g_strdup_printf("q quit  p pause  s sort (%s)", orders[top->order]));
}

static void put_heading(Screen *screen, Group group)
{
  put(screen, NEO_TOP_PLAIN, g_strdup(""));
  put(screen, NEO_TOP_HEADING,
      g_strdup_printf("%-*.*s %12s %12s %11s", (int)screen->name_width + 2, (int)screen->name_width + 2, groups[group].name, groups[group].in,
                      groups[group].out, groups[group].rtt));
}

GArray *neo_top_lines(const NeoTop *top, guint width, guint height, gboolean ascii, gboolean paused)
{
  Screen screen = { .lines = g_array_new(FALSE, FALSE, sizeof(NeoTopLine)), .width = width, .height = height, .ascii = ascii };
  int group = -1;

  for (guint i = 0; i < top->rows->len; i++) {
    const Row *row = top->rows->pdata[i];
    screen.name_width = MAX(screen.name_width, (guint)g_utf8_strlen(row->name, -1));
    screen.max[row->group] = MAX(screen.max[row->group], rate_of(row));
  }
  put_title(&screen, top, paused);
  for (guint i = 0; i < top->rows->len; i++) {
    const Row *row = top->rows->pdata[i];
    if ((int)row->group != group) {
      group = row->group;
      put_heading(&screen, row->group);
    }
    put_row(&screen, row);
  }
  if (!top->rows->len)
    put(&screen, NEO_TOP_PLAIN, g_strdup("No path, no relay and no connection to show."));
  return screen.lines;
}
