/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/text.h"

#include <string.h>

/* Three digits and a prefix of the SI. */
static char *scaled(double value, const char *unit)
{
  static const char *const prefixes[] = { "", "k", "M", "G", "T", "P" };
  guint i = 0;

  for (; value >= 999.95 && i + 1 < G_N_ELEMENTS(prefixes); i++)
    value /= 1000;
  return g_strdup_printf(i ? "%.1f %s%s" : "%.0f %s%s", value, prefixes[i], unit);
}

char *neo_text_rate(double rate)
{
  return rate < 0 ? g_strdup("-") : scaled(rate * 8, "bit/s");
}

char *neo_text_bytes(guint64 bytes)
{
  return scaled(bytes, "B");
}

char *neo_text_duration(guint32 seconds)
{
  enum { MINUTE = 60, HOUR = 3600, DAY = 86400 };

  if (seconds == G_MAXUINT32)
    return g_strdup("forever");
  if (seconds >= DAY)
    return g_strdup_printf("%ud%02uh", seconds / DAY, seconds % DAY / HOUR);
  if (seconds >= HOUR)
    return g_strdup_printf("%uh%02um", seconds / HOUR, seconds % HOUR / MINUTE);
  if (seconds >= MINUTE)
    return g_strdup_printf("%um%02us", seconds / MINUTE, seconds % MINUTE);
  return g_strdup_printf("%us", seconds);
}

char *neo_text_rtt(guint32 us)
{
  return us ? g_strdup_printf("%.1f ms", us / 1000.0) : g_strdup("-");
}

char *neo_text_share(guint64 part, guint64 whole)
{
  return whole ? g_strdup_printf("%.0f%%", 100.0 * part / whole) : g_strdup("-");
}

char *neo_text_endpoint(const char *address, guint16 port)
{
  return g_strdup_printf(strchr(address, ':') ? "[%s]:%u" : "%s:%u", address, port);
}

char *neo_text_clean(const char *text)
{
  char *clean = g_utf8_make_valid(text, -1);

  for (char *c = clean; *c; c++)
    if (g_ascii_iscntrl(*c))
      *c = '?';
  return clean;
}

struct NeoTextTable {
  GPtrArray *cells; /* char *, row by row, headings first */
  guint columns;
  gboolean *right;
};

NeoTextTable *neo_text_table_new(const char *headings)
{
  NeoTextTable *table = g_new0(NeoTextTable, 1);
  g_auto(GStrv) words = g_strsplit(headings, "|", -1);

  table->columns = g_strv_length(words);
  table->cells = g_ptr_array_new_with_free_func(g_free);
  table->right = g_new0(gboolean, table->columns);
  for (guint i = 0; i < table->columns; i++) {
    table->right[i] = words[i][0] == '>';
    neo_text_table_add(table, words[i] + table->right[i]);
  }
  return table;
}

void neo_text_table_free(NeoTextTable *table)
{
  if (!table)
    return;
  g_ptr_array_unref(table->cells);
  g_free(table->right);
  g_free(table);
}

void neo_text_table_take(NeoTextTable *table, char *cell)
{
  g_ptr_array_add(table->cells, neo_text_clean(cell));
  g_free(cell);
}

void neo_text_table_add(NeoTextTable *table, const char *cell)
{
  g_ptr_array_add(table->cells, neo_text_clean(cell));
}

static glong width_of(const NeoTextTable *table, guint column)
{
  glong width = 0;

  for (guint i = column; i < table->cells->len; i += table->columns)
    width = MAX(width, g_utf8_strlen(table->cells->pdata[i], -1));
  return width;
}

static void append_blanks(GString *text, glong n)
{
  g_string_append_printf(text, "%*s", (int)MAX(n, 0), "");
}

static void append_cell(const NeoTextTable *table, guint cell, glong width, GString *text)
{
  const char *value = table->cells->pdata[cell];
  glong blanks = width - g_utf8_strlen(value, -1);
  guint column = cell % table->columns;

  if (table->right[column])
    append_blanks(text, blanks);
  g_string_append(text, value);
  if (column + 1 == table->columns)
    return;
  append_blanks(text, (table->right[column] ? 0 : blanks) + 2);
}

void neo_text_table_print(const NeoTextTable *table, guint indent, GString *text)
{
  g_autofree glong *widths = g_new(glong, table->columns);

  for (guint column = 0; column < table->columns; column++)
    widths[column] = width_of(table, column);
  for (guint cell = 0; cell < table->cells->len; cell++) {
    if (cell % table->columns == 0)
      append_blanks(text, indent);
    append_cell(table, cell, widths[cell % table->columns], text);
    if ((cell + 1) % table->columns == 0) {
      while (text->len && text->str[text->len - 1] == ' ')
        g_string_truncate(text, text->len - 1);
      g_string_append_c(text, '\n');
    }
  }
}
