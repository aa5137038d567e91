/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/exposition.h"

#include <math.h>
#include <stdarg.h>

static void clear_series(gpointer data)
{
  g_free(((NeoSeries *)data)->labels);
}

GArray *neo_series_new(void)
{
  GArray *series = g_array_new(FALSE, FALSE, sizeof(NeoSeries));

  g_array_set_clear_func(series, clear_series);
  return series;
}

void neo_series_add(GArray *series, char *labels, gconstpointer item)
{
  NeoSeries one = { labels, item };

  g_array_append_val(series, one);
}

static void append_value(GString *labels, const char *value)
{
  g_autofree char *valid = g_utf8_make_valid(value, -1);

  for (const char *c = valid; *c; c++) {
    if (*c == '\n')
      g_string_append(labels, "\\n");
    else if (*c == '\\' || *c == '"')
      g_string_append_printf(labels, "\\%c", *c);
    else
      g_string_append_c(labels, *c);
  }
}

char *neo_exposition_labels(const char *name, ...)
{
  GString *labels = g_string_new(NULL);
  va_list pairs;

  va_start(pairs, name);
  for (; name; name = va_arg(pairs, const char *)) {
    const char *value = va_arg(pairs, const char *);
    if (!value)
      continue;
    g_string_append_printf(labels, "%s%s=\"", labels->len ? "," : "", name);
    append_value(labels, value);
    g_string_append_c(labels, '"');
  }
  va_end(pairs);
  return g_string_free(labels, FALSE);
}

static void append_sample(GString *text, const char *name, const char *labels, double value)
{
  char number[G_ASCII_DTOSTR_BUF_SIZE];

  /* 15 digits: a double has no more that are sure, and 0.1 stays 0.1. */
  g_ascii_formatd(number, sizeof number, "%.15g", value);
  if (*labels)
    g_string_append_printf(text, "%s{%s} %s\n", name, labels, number);
  else
    g_string_append_printf(text, "%s %s\n", name, number);
}

void neo_exposition_add(GString *text, const NeoMetric *metric, const GArray *series)
{
  g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

  for (guint i = 0; i < series->len; i++) {
    const NeoSeries *one = &g_array_index(series, NeoSeries, i);
    double value = metric->value(one->item);
    if (isnan(value) || g_hash_table_contains(seen, one->labels))
      continue;
    if (!g_hash_table_size(seen))
      g_string_append_printf(text, "# HELP %s %s\n# TYPE %s %s\n", metric->name, metric->help, metric->name,
                             metric->counter ? "counter" : "gauge");
    g_hash_table_add(seen, one->labels);
    append_sample(text, metric->name, one->labels, value);
  }
}
