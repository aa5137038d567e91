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

/* Between columns. */
enum { GAP = 2, NARROW_GAP = 1, FURTHER_INDENT = 2 };

/* How a table is laid out. */
typedef struct {
  const NeoTextTable *table;
  glong *widths; /* of columns */
  glong indent, width, gap;
  GString *text;
} Layout;

static void layout_clear(Layout *layout)
{
  g_free(layout->widths);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Layout, layout_clear)

static Layout layout_new(const NeoTextTable *table, guint indent, guint width, GString *text)
{
  Layout layout = { table, g_new(glong, table->columns), indent, width, GAP, text };

  for (guint column = 0; column < table->columns; column++)
    layout.widths[column] = width_of(table, column);
  return layout;
}

/* Of a line of the columns from @first on. */
static glong width_from(const Layout *layout, guint first, glong gap)
{
  glong width = layout->indent + (first ? FURTHER_INDENT : 0) - gap;

  for (guint column = first; column < layout->table->columns; column++)
    width += gap + layout->widths[column];
  return width;
}

static void append_cell(const Layout *layout, guint cell)
{
  const NeoTextTable *table = layout->table;
  guint column = cell % table->columns;
  const char *value = table->cells->pdata[cell];
  glong blanks = layout->widths[column] - g_utf8_strlen(value, -1);

  append_blanks(layout->text, table->right[column] ? blanks : 0);
  g_string_append(layout->text, value);
  append_blanks(layout->text, table->right[column] ? 0 : blanks);
}

/* The cells from @first to before @end of the row at @row; nothing if they are all empty. */
static void append_line(const Layout *layout, guint row, guint first, guint end)
{
  GString *text = layout->text;
  gsize start = text->len;

  append_blanks(text, first ? layout->indent + FURTHER_INDENT : layout->indent);
  for (guint column = first; column < end; column++) {
    append_blanks(text, column > first ? layout->gap : 0);
    append_cell(layout, row + column);
  }
  while (text->len > start && text->str[text->len - 1] == ' ')
    g_string_truncate(text, text->len - 1);
  if (text->len > start)
    g_string_append_c(text, '\n');
}

/* Where the line that begins with column @first ends. Rather than some of the figures it has none of them, if the next line has room for all. */
static guint end_of_line(const Layout *layout, guint first)
{
  const NeoTextTable *table = layout->table;
  glong used = layout->indent + (first ? FURTHER_INDENT : 0) + layout->widths[first];
  guint end = first + 1, figures = 0;

  for (; end < table->columns && used + layout->gap + layout->widths[end] <= layout->width; end++) {
    used += layout->gap + layout->widths[end];
    if (table->right[end] && !table->right[end - 1])
      figures = end;
  }
  return end < table->columns && figures && width_from(layout, figures, layout->gap) <= layout->width ? figures : end;
}

/* The cell at which the row after @row begins that does not go on with it. */
static guint end_of_rows(const NeoTextTable *table, guint row)
{
  do
    row += table->columns;
  while (row < table->cells->len && !*(const char *)table->cells->pdata[row]);
  return row;
}

static void print(const Layout *layout)
{
  const NeoTextTable *table = layout->table;

  for (guint row = 0, next; row < table->cells->len; row = next) {
    next = end_of_rows(table, row);
    for (guint first = 0, end; first < table->columns; first = end) {
      end = end_of_line(layout, first);
      for (guint each = row; each < next; each += table->columns)
        append_line(layout, each, first, end);
    }
  }
}

void neo_text_table_print(const NeoTextTable *table, guint indent, GString *text)
{
  neo_text_table_fit(table, indent, G_MAXINT, text);
}

void neo_text_table_fit(const NeoTextTable *table, guint indent, guint width, GString *text)
{
  g_auto(Layout) layout = layout_new(table, indent, width, text);

  if (width_from(&layout, 0, GAP) > layout.width && width_from(&layout, 0, NARROW_GAP) <= layout.width)
    layout.gap = NARROW_GAP;
  print(&layout);
}

gboolean neo_text_table_fits(const NeoTextTable *table, guint indent, guint width)
{
  g_auto(Layout) layout = layout_new(table, indent, width, NULL);

  return width_from(&layout, 0, GAP) <= layout.width;
}

void neo_text_wrap(const char *sentence, guint indent, guint width, GString *text)
{
  g_auto(GStrv) words = g_strsplit(sentence, " ", -1);
  glong used = indent;

  append_blanks(text, indent);
  for (char **word = words; *word; word++) {
    glong length = g_utf8_strlen(*word, -1);
    if (word > words && used + 1 + length > (glong)width) {
      g_string_append_c(text, '\n');
      append_blanks(text, indent + FURTHER_INDENT);
      used = indent + FURTHER_INDENT;
    } else if (word > words) {
      g_string_append_c(text, ' ');
      used++;
    }
    g_string_append(text, *word);
    used += length;
  }
  g_string_append_c(text, '\n');
}
