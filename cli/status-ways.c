/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/status-ways.h"

#include <string.h>

#include "cli/text.h"

/* Columns for a path's name and its indent, and for an IPv4 address and what separates it from the next. */
enum { NAME_WIDTH = 10, REMOTE_WIDTH = 18 };

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

static NeoTextTable *new_table(const GPtrArray *remotes, guint shown)
{
  g_autoptr(GString) headings = g_string_new("PATH");

  for (guint i = 0; i < shown; i++) {
    const NeoStatusWay *way = remotes->pdata[i];
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
static void add_row(NeoTextTable *table, const NeoStatus *status, guint first, guint end, const GPtrArray *remotes, guint shown)
{
  neo_text_table_add(table, g_array_index(status->ways, NeoStatusWay, first).interface);
  for (guint i = 0; i < shown; i++) {
    const NeoStatusWay *wanted = remotes->pdata[i], *found = NULL;
    for (guint k = first; k < end && !found; k++) {
      const NeoStatusWay *way = &g_array_index(status->ways, NeoStatusWay, k);
      if (way->relay == wanted->relay && neo_address_equal(&way->remote, &wanted->remote))
        found = way;
    }
    neo_text_table_take(table, cell_of(found));
  }
}

void neo_status_print_ways(const NeoStatus *status, guint width, GString *text)
{
  g_autoptr(GPtrArray) remotes = remotes_of(status);
  guint fit = width > NAME_WIDTH + REMOTE_WIDTH ? (width - NAME_WIDTH) / REMOTE_WIDTH : 1, shown = MIN(remotes->len, fit);

  if (!any_relay(remotes))
    return;
  g_autoptr(NeoTextTable) table = new_table(remotes, shown);
  for (guint first = 0, end; first < status->ways->len; first = end) {
    const char *interface = g_array_index(status->ways, NeoStatusWay, first).interface;
    for (end = first + 1; end < status->ways->len && g_str_equal(g_array_index(status->ways, NeoStatusWay, end).interface, interface);)
      end++;
    add_row(table, status, first, end, remotes, shown);
  }
  g_string_append(text, "\n  Subflows of each path by remote address\n");
  neo_text_table_print(table, 2, text);
  if (shown < remotes->len)
    g_string_append_printf(text, "  and to %u more: neo status --json\n", remotes->len - shown);
}
