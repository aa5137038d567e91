/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/status-ways.h"

#include <string.h>

#include "cli/text.h"

/* A host that has MPTCP connections to many others besides those through relays leads to many addresses. */
enum { INDENT = 2, MAX_SHOWN = 16 };

/* Where ways lead to, each once: the direct ones first. */
static GPtrArray *remotes_of(const NeoStatus *status)
{
  GPtrArray *remotes = g_ptr_array_new();

  for (guint relay = FALSE; relay <= TRUE; relay++)
    for (guint i = 0; i < status->ways->len; i++) {
      NeoStatusWay *way = &g_array_index(status->ways, NeoStatusWay, i);
      gboolean known = way->relay != (gboolean)relay;
      for (guint k = 0; !known && k < remotes->len; k++)
        known = ((NeoStatusWay *)remotes->pdata[k])->relay == way->relay && neo_address_equal(&((NeoStatusWay *)remotes->pdata[k])->remote, &way->remote);
      if (!known)
        g_ptr_array_add(remotes, way);
    }
  return remotes;
}

static gboolean any_relay(const GPtrArray *remotes)
{
  return remotes->len && ((const NeoStatusWay *)remotes->pdata[remotes->len - 1])->relay;
}

/* Some columns of the table. */
typedef struct {
  const NeoStatus *status;
  const GPtrArray *remotes;
  guint first, end;
} Columns;

static NeoTextTable *new_table(const Columns *columns)
{
  g_autoptr(GString) headings = g_string_new("PATH");

  for (guint i = columns->first; i < columns->end; i++) {
    const NeoStatusWay *way = columns->remotes->pdata[i];
    g_autofree char *address = neo_address_to_string(&way->remote);
    g_string_append_printf(headings, "|>%s%s", way->relay ? "relay " : "", address);
  }
  return neo_text_table_new(headings->str);
}

static char *cell_of(const NeoStatusWay *way)
{
  if (!way)
    return g_strdup("-");
  return way->joining ? g_strdup_printf("%u, %u joining", way->joined, way->joining) : g_strdup_printf("%u", way->joined);
}

/* The ways of one interface stand together, from @first to before @end. */
static void add_row(NeoTextTable *table, const Columns *columns, guint first, guint end)
{
  const GArray *ways = columns->status->ways;

  neo_text_table_add(table, g_array_index(ways, NeoStatusWay, first).interface);
  for (guint i = columns->first; i < columns->end; i++) {
    const NeoStatusWay *wanted = columns->remotes->pdata[i], *found = NULL;
    for (guint k = first; k < end && !found; k++) {
      const NeoStatusWay *way = &g_array_index(ways, NeoStatusWay, k);
      if (way->relay == wanted->relay && neo_address_equal(&way->remote, &wanted->remote))
        found = way;
    }
    neo_text_table_take(table, cell_of(found));
  }
}

static NeoTextTable *make_table(const Columns *columns)
{
  const GArray *ways = columns->status->ways;
  NeoTextTable *table = new_table(columns);

  for (guint first = 0, end; first < ways->len; first = end) {
    const char *interface = g_array_index(ways, NeoStatusWay, first).interface;
    for (end = first + 1; end < ways->len && g_str_equal(g_array_index(ways, NeoStatusWay, end).interface, interface);)
      end++;
    add_row(table, columns, first, end);
  }
  return table;
}

/* A table from @columns->first on, of as many columns as there is room for, one at least. Says in @columns->end where it ends. */
static NeoTextTable *make_widest(Columns *columns, guint shown, guint width)
{
  columns->end = columns->first + 1;
  g_autoptr(NeoTextTable) table = make_table(columns);
  while (columns->end < shown) {
    columns->end++;
    g_autoptr(NeoTextTable) wider = make_table(columns);
    if (!neo_text_table_fits(wider, INDENT, width)) {
      columns->end--;
      break;
    }
    neo_text_table_free(table);
    table = g_steal_pointer(&wider);
  }
  return g_steal_pointer(&table);
}

void neo_status_print_ways(const NeoStatus *status, guint width, GString *text)
{
  g_autoptr(GPtrArray) remotes = remotes_of(status);
  guint shown = MIN(remotes->len, MAX_SHOWN);
  Columns columns = { .status = status, .remotes = remotes };

  if (!any_relay(remotes))
    return;
  g_string_append(text, "\n  Subflows of each path by remote address\n");
  for (; columns.first < shown; columns.first = columns.end) {
    g_autoptr(NeoTextTable) table = make_widest(&columns, shown, width);
    if (columns.first)
      g_string_append_c(text, '\n');
    neo_text_table_fit(table, INDENT, width, text);
  }
  if (shown < remotes->len)
    g_string_append_printf(text, "  and to %u more: neo status --json\n", remotes->len - shown);
}
