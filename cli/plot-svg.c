/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/plot-svg.h"

#include <math.h>
#include <string.h>

#include "cli/plot-legend.h"
#include "cli/text.h"

/* In pixels. */
enum { LEFT = 56, RIGHT = 24, TOP = 88, BELOW_AXIS = 32, PER_X_TICK = 72, PER_Y_TICK = 44, PER_SAMPLE = 2 };

typedef struct {
  const NeoPlotData *data;
  GString *svg;
  double left, top, width, height; /* of the area in which series are drawn */
  double duration, max;            /* what its width and its height stand for: seconds, bytes per second */
} Chart;

/* What is of a path has one of eight colours, which are readable on both pages. */
static const char style[] =
    "<style>\n"
    "text{font:12px system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif;fill:#59636e}\n"
    ".title{font-size:17px;font-weight:600}.title,.name{fill:#1f2328}.rate{font-variant-numeric:tabular-nums}\n"
    ".page{fill:#fff}.grid{stroke:#d1d9e0}.axis{stroke:#818b98}\n"
    ".area{stroke:#fff;stroke-width:1;stroke-linejoin:round}.tint{fill-opacity:.45}\n"
    ".c0{fill:#4269d0}.c1{fill:#efb118}.c2{fill:#ff725c}.c3{fill:#6cc5b0}\n"
    ".c4{fill:#a463f2}.c5{fill:#3ca951}.c6{fill:#ff8ab7}.c7{fill:#9c6b4e}\n"
    "@media (prefers-color-scheme:dark){\n"
    "text{fill:#9198a1}.title,.name{fill:#f0f6fc}.page{fill:#0d1117}\n"
    ".grid{stroke:#2f353d}.axis{stroke:#656c76}.area{stroke:#0d1117}}\n"
    "</style>\n";

static double x_of(const Chart *chart, double seconds)
{
  return chart->left + (chart->duration > 0 ? seconds / chart->duration * chart->width : 0);
}

static double y_of(const Chart *chart, double rate)
{
  return chart->top + chart->height - rate / chart->max * chart->height;
}

/* The smallest of 1, 2 and 5 times a power of ten of which @most reach @value. */
static double round_step(double value, double most)
{
  double least = value / MAX(most, 1), power = pow(10, floor(log10(least)));

  for (guint i = 0; i < 3; i++)
    if (power * (const double[]){ 1, 2, 5 }[i] >= least * (1 - 1e-9))
      return power * (const double[]){ 1, 2, 5 }[i];
  return power * 10;
}

static double time_step(double seconds, double most)
{
  static const double steps[] = { 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600 };

  if (seconds < most)
    return round_step(seconds, most);
  for (guint i = 0; i < G_N_ELEMENTS(steps); i++)
    if (steps[i] * most >= seconds)
      return steps[i];
  return steps[G_N_ELEMENTS(steps) - 1];
}

static void put_time_axis(const Chart *chart)
{
  double step = time_step(chart->duration, chart->width / PER_X_TICK), y = chart->top + chart->height;
  double unit = step >= 3600 ? 3600 : step >= 60 ? 60 : 1;
  const char *name = step >= 3600 ? "h" : step >= 60 ? "min" : "s";

  g_string_append_printf(chart->svg, "<path class=\"axis\" d=\"M%.1f %.1fH%.1f\"/>\n", chart->left, y,
                         chart->left + chart->width);
  for (guint i = 0; step > 0 && i * step <= chart->duration * (1 + 1e-9); i++)
    g_string_append_printf(chart->svg, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%g %s</text>\n",
                           x_of(chart, i * step), y + 19, i * step / unit, name);
}

static void put_rate_axis(const Chart *chart, double step)
{
  static const char *const units[] = { "bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s" };
  double unit = 1;
  guint prefix = 0;

  for (; prefix + 1 < G_N_ELEMENTS(units) && chart->max * 8 >= unit * 1000; prefix++)
    unit *= 1000;
  for (guint i = 0; i * step <= chart->max * (1 + 1e-9); i++) {
    double y = y_of(chart, i * step);
    if (i)
      g_string_append_printf(chart->svg, "<path class=\"grid\" d=\"M%.1f %.1fH%.1f\"/>\n", chart->left, y,
                             chart->left + chart->width);
    g_string_append_printf(chart->svg, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%g</text>\n", chart->left - 8,
                           y + 4, i * step * 8 / unit);
  }
  g_string_append_printf(chart->svg, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n", chart->left - 8,
                         chart->top - 14, units[prefix]);
}

/* Where the middle of @sample is. */
static double middle(const Chart *chart, guint sample)
{
  double end = g_array_index(chart->data->ends, double, sample),
         start = sample ? g_array_index(chart->data->ends, double, sample - 1) : 0;

  return x_of(chart, (start + end) / 2);
}

/* The line of @rates from one side of the chart to the other; @forward tells from which one. */
static void put_line(const Chart *chart, const double *rates, gboolean forward)
{
  guint n = chart->data->ends->len;
  double ends[] = { y_of(chart, rates[0]), y_of(chart, rates[n - 1]) };

  g_string_append_printf(chart->svg, "%c%.1f %.2f", forward ? 'M' : 'L',
                         forward ? chart->left : chart->left + chart->width, ends[!forward]);
  for (guint i = 0; i < n; i++) {
    guint sample = forward ? i : n - 1 - i;
    g_string_append_printf(chart->svg, "L%.1f %.2f", middle(chart, sample), y_of(chart, rates[sample]));
  }
  g_string_append_printf(chart->svg, "L%.1f %.2f", forward ? chart->left + chart->width : chart->left, ends[forward]);
}

static void put_series(const Chart *chart)
{
  g_autofree double *below = g_new0(double, chart->data->ends->len), *above = g_new0(double, chart->data->ends->len);
  const NeoPlotData *data = chart->data;

  g_string_append(chart->svg, "<g class=\"area\">\n");
  for (guint i = 0; i < data->series->len && data->ends->len; i++) {
    const NeoPlotSeries *series = data->series->pdata[i];
    g_autofree char *fill = neo_plot_fill(data, i), *name = neo_plot_name(series);
    for (guint k = 0; k < data->ends->len; k++)
      above[k] = below[k] + g_array_index(series->rates, double, k);
    g_string_append_printf(chart->svg, "<path %s d=\"", fill);
    put_line(chart, above, TRUE);
    put_line(chart, below, FALSE);
    g_string_append_printf(chart->svg, "Z\"><title>%s</title></path>\n", name);
    memcpy(below, above, data->ends->len * sizeof *below);
  }
  g_string_append(chart->svg, "</g>\n");
}

static double highest(const NeoPlotData *data)
{
  double max = 0;

  for (guint k = 0; k < data->ends->len; k++) {
    double sum = 0;
    for (guint i = 0; i < data->series->len; i++)
      sum += g_array_index(((NeoPlotSeries *)data->series->pdata[i])->rates, double, k);
    max = MAX(max, sum);
  }
  return max;
}

static void put_head(GString *svg, const NeoPlotData *data, guint width, guint height, const char *title)
{
  double bytes = 0, duration = neo_plot_data_duration(data);
  gboolean relays = FALSE;
  g_autofree char *escaped = neo_plot_escape(title);

  for (guint i = 0; i < data->series->len; i++) {
    const NeoPlotSeries *series = data->series->pdata[i];
    bytes += neo_plot_data_bytes(data, series);
    relays |= series->relay;
  }
  g_autofree char *moved = neo_text_bytes(bytes), *mean = neo_text_rate(duration > 0 ? bytes / duration : 0);
  g_string_append_printf(
      svg,
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\" viewBox=\"0 0 %u %u\" role=\"img\">\n"
      "<title>%s</title>\n",
      width, height, width, height, escaped);
  g_string_append(svg, style);
  neo_plot_put_patterns(svg, data);
  g_string_append_printf(
      svg,
      "<rect class=\"page\" width=\"100%%\" height=\"100%%\"/>\n<text class=\"title\" x=\"%d\" y=\"32\">%s</text>\n"
      "<text x=\"%d\" y=\"53\">%s in %.1f s, mean %s%s</text>\n",
      RIGHT, escaped, RIGHT, moved, duration, mean, relays ? "; striped: by relays" : "");
}

char *neo_plot_to_svg(const NeoPlotData *given, guint width, guint height, const char *title)
{
  g_autoptr(NeoPlotData) data = neo_plot_data_reduce(given, (width - LEFT - RIGHT) / PER_SAMPLE);
  NeoPlotLegend legend = neo_plot_legend(data, width - 2 * RIGHT, height / 3);
  GString *svg = g_string_new(NULL);
  Chart chart = { .data = data,
                  .svg = svg,
                  .left = LEFT,
                  .top = TOP,
                  .width = width - LEFT - RIGHT,
                  .duration = neo_plot_data_duration(data) };

  chart.height = height - TOP - BELOW_AXIS - legend.height;
  double max = highest(data), step = round_step((max > 0 ? max : 125) * 8, chart.height / PER_Y_TICK) / 8;
  chart.max = step * MAX(ceil(max / step * (1 - 1e-9)), 1);
  put_head(svg, data, width, height, title);
  put_rate_axis(&chart, step);
  put_series(&chart);
  put_time_axis(&chart);
  neo_plot_put_legend(svg, data, &legend, RIGHT, height - legend.height);
  g_string_append(svg, "</svg>\n");
  return g_string_free(svg, FALSE);
}
