/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/plot-legend.h"

#include "cli/text.h"

enum { ROW = 22, MARGIN = 18, SWATCH = 12, GAP = 8, BETWEEN = 28, CHARACTER = 7, COLOURS = 8 };

char *neo_plot_escape(const char *text)
{
  g_autofree char *clean = neo_text_clean(text);
  g_autoptr(GString) allowed = g_string_new(NULL);

  /* XML 1.0 (2.2) has neither control characters nor these two. */
  for (const char *c = clean; *c; c = g_utf8_next_char(c)) {
    gunichar character = g_utf8_get_char(c);
    g_string_append_unichar(allowed, character == 0xfffe || character == 0xffff ? 0xfffd : character);
  }
  return g_markup_escape_text(allowed->str, allowed->len);
}

char *neo_plot_name(const NeoPlotSeries *series)
{
  g_autofree char *name = neo_plot_escape(series->name);

  return g_strconcat(name, series->relay ? " by relay" : "", NULL);
}

/* Both series of a path have its colour. */
static guint colour_of(const NeoPlotData *data, guint series)
{
  guint colour = 0;

  for (guint i = 1; i <= series; i++)
    colour += !g_str_equal(((NeoPlotSeries *)data->series->pdata[i])->name,
                           ((NeoPlotSeries *)data->series->pdata[i - 1])->name);
  return colour % COLOURS;
}

char *neo_plot_fill(const NeoPlotData *data, guint series)
{
  gboolean relay = ((NeoPlotSeries *)data->series->pdata[series])->relay;

  return g_strdup_printf(relay ? "fill=\"url(#r%u)\"" : "class=\"c%u\"", colour_of(data, series));
}

void neo_plot_put_patterns(GString *svg, const NeoPlotData *data)
{
  guint32 done = 0;

  for (guint i = 0; i < data->series->len; i++) {
    guint colour = colour_of(data, i);
    if (!((NeoPlotSeries *)data->series->pdata[i])->relay || done & 1u << colour)
      continue;
    done |= 1u << colour;
    g_string_append_printf(
        svg,
        "<pattern id=\"r%u\" width=\"7\" height=\"7\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">"
        "<rect class=\"page\" width=\"7\" height=\"7\"/><rect class=\"tint c%u\" width=\"7\" height=\"7\"/>"
        "<rect class=\"c%u\" width=\"3\" height=\"7\"/></pattern>\n",
        colour, colour, colour);
  }
}

static char *mean_of(const NeoPlotData *data, const NeoPlotSeries *series)
{
  double duration = neo_plot_data_duration(data);

  return neo_text_rate(duration > 0 ? neo_plot_data_bytes(data, series) / duration : 0);
}

static guint width_of(const NeoPlotData *data, const NeoPlotSeries *series)
{
  g_autofree char *mean = mean_of(data, series);
  glong characters =
      g_utf8_strlen(series->name, -1) + (series->relay ? sizeof " by relay" - 1 : 0) + 1 + g_utf8_strlen(mean, -1);

  return SWATCH + GAP + characters * CHARACTER + BETWEEN;
}

NeoPlotLegend neo_plot_legend(const NeoPlotData *data, guint width, guint max_height)
{
  NeoPlotLegend legend = { .column_width = 1, .shown = data->series->len };
  guint max_rows = (max_height - MARGIN) / ROW;

  for (guint i = 0; i < data->series->len; i++)
    legend.column_width = MAX(legend.column_width, width_of(data, data->series->pdata[i]));
  legend.columns = MAX((width + BETWEEN) / legend.column_width, 1);
  guint rows = (legend.shown + legend.columns - 1) / legend.columns;
  if (rows > max_rows) {
    rows = max_rows;
    legend.shown = rows * legend.columns - 1;
  }
  legend.height = MAX(rows, 1) * ROW + MARGIN;
  return legend;
}

static void put_item(GString *svg, const NeoPlotData *data, guint series, guint x, guint y)
{
  g_autofree char *fill = neo_plot_fill(data, series), *name = neo_plot_name(data->series->pdata[series]);
  g_autofree char *mean = mean_of(data, data->series->pdata[series]);

  g_string_append_printf(
      svg,
      "<rect x=\"%u\" y=\"%u\" width=\"%d\" height=\"%d\" rx=\"3\" %s/>"
      "<text x=\"%u\" y=\"%u\"><tspan class=\"name\">%s</tspan> <tspan class=\"rate\" dx=\"4\">%s</tspan></text>\n",
      x, y, SWATCH, SWATCH, fill, x + SWATCH + GAP, y + 10, name, mean);
}

void neo_plot_put_legend(GString *svg, const NeoPlotData *data, const NeoPlotLegend *legend, guint x, guint y)
{
  guint hidden = data->series->len - legend->shown;

  for (guint i = 0; i < legend->shown; i++)
    put_item(svg, data, i, x + i % legend->columns * legend->column_width, y + i / legend->columns * ROW);
  if (hidden)
    g_string_append_printf(svg, "<text x=\"%u\" y=\"%u\">and %u more</text>\n",
                           x + legend->shown % legend->columns * legend->column_width,
                           y + legend->shown / legend->columns * ROW + 10, hidden);
  if (!data->series->len)
    g_string_append_printf(svg, "<text x=\"%u\" y=\"%u\">No subflow was open.</text>\n", x, y + 10);
}
