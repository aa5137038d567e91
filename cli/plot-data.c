/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/plot-data.h"

#include <string.h>

static void free_series(gpointer item)
{
  NeoPlotSeries *series = item;

  g_free(series->name);
  g_array_unref(series->rates);
  g_free(series);
}

NeoPlotData *neo_plot_data_new(gint64 start)
{
  NeoPlotData *data = g_new(NeoPlotData, 1);

  *data =
      (NeoPlotData){ start, g_array_new(FALSE, FALSE, sizeof(double)), g_ptr_array_new_with_free_func(free_series) };
  return data;
}

void neo_plot_data_free(NeoPlotData *data)
{
  if (!data)
    return;
  g_array_unref(data->ends);
  g_ptr_array_unref(data->series);
  g_free(data);
}

/* neo2 before neo10. */
static int compare(const NeoPlotSeries *series, const char *name, gboolean relay)
{
  int order = strverscmp(series->name, name);

  return order ? order : series->relay - relay;
}

/* The series has a rate, so far of 0, for each sample before this one and for this one. */
static NeoPlotSeries *series_of(NeoPlotData *data, const char *name, gboolean relay)
{
  guint i = 0;

  while (i < data->series->len && compare(data->series->pdata[i], name, relay) < 0)
    i++;
  if (i == data->series->len || compare(data->series->pdata[i], name, relay) != 0) {
    NeoPlotSeries *series = g_new(NeoPlotSeries, 1);
    *series = (NeoPlotSeries){ g_strdup(name), relay, g_array_new(FALSE, TRUE, sizeof(double)) };
    g_array_set_size(series->rates, data->ends->len);
    g_ptr_array_insert(data->series, i, series);
  }
  return data->series->pdata[i];
}

static void add_end(NeoPlotData *data, double end)
{
  g_array_append_val(data->ends, end);
  for (guint i = 0; i < data->series->len; i++)
    g_array_set_size(((NeoPlotSeries *)data->series->pdata[i])->rates, data->ends->len);
}

void neo_plot_data_add(NeoPlotData *data, const NeoStatus *status, gint64 now)
{
  add_end(data, (now - data->start) / (double)G_USEC_PER_SEC);
  for (guint i = 0; i < status->connections->len; i++) {
    const NeoStatusConnection *connection = status->connections->pdata[i];
    for (guint k = 0; k < connection->subflows->len; k++) {
      const NeoStatusSubflow *subflow = &g_array_index(connection->subflows, NeoStatusSubflow, k);
      NeoPlotSeries *series = series_of(data, *subflow->interface ? subflow->interface : "other", subflow->relay);
      g_array_index(series->rates, double, data->ends->len - 1) +=
          MAX(subflow->traffic.rate_in, 0) + MAX(subflow->traffic.rate_out, 0);
    }
  }
}

static double length_of(const NeoPlotData *data, guint sample)
{
  return g_array_index(data->ends, double, sample) - (sample ? g_array_index(data->ends, double, sample - 1) : 0);
}

static double bytes_between(const NeoPlotData *data, const NeoPlotSeries *series, guint first, guint end)
{
  double bytes = 0;

  for (guint i = first; i < end; i++)
    bytes += g_array_index(series->rates, double, i) * length_of(data, i);
  return bytes;
}

NeoPlotData *neo_plot_data_reduce(const NeoPlotData *data, guint max)
{
  NeoPlotData *reduced = neo_plot_data_new(data->start);
  guint width = MAX((data->ends->len + max - 1) / max, 1);

  for (guint i = 0; i < data->series->len; i++)
    series_of(reduced, ((NeoPlotSeries *)data->series->pdata[i])->name,
              ((NeoPlotSeries *)data->series->pdata[i])->relay);
  for (guint first = 0; first < data->ends->len; first += width) {
    guint end = MIN(first + width, data->ends->len), sample = reduced->ends->len;
    add_end(reduced, g_array_index(data->ends, double, end - 1));
    for (guint i = 0; i < data->series->len; i++) {
      NeoPlotSeries *series = reduced->series->pdata[i];
      double length = length_of(reduced, sample);
      g_array_index(series->rates, double, sample) =
          length > 0 ? bytes_between(data, data->series->pdata[i], first, end) / length : 0;
    }
  }
  return reduced;
}

double neo_plot_data_duration(const NeoPlotData *data)
{
  return data->ends->len ? g_array_index(data->ends, double, data->ends->len - 1) : 0;
}

double neo_plot_data_bytes(const NeoPlotData *data, const NeoPlotSeries *series)
{
  return bytes_between(data, series, 0, data->ends->len);
}
