/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "cli/status-model.h"

/** What went over a path, directly or by relays. */
typedef struct {
  char *name;     /**< of the interface */
  gboolean relay;
  GArray *rates;  /**< double: bytes per second, both directions together; one for each sample */
} NeoPlotSeries;

/** Samples of all paths. */
typedef struct {
  gint64 start;      /**< monotonic microseconds */
  GArray *ends;      /**< double: when each sample ended, in seconds since the start; it began where the one before ended */
  GPtrArray *series; /**< NeoPlotSeries, sorted by name; direct before relay */
} NeoPlotData;

/** Without samples; they begin at @start, in monotonic microseconds. */
NeoPlotData *neo_plot_data_new(gint64 start);
void neo_plot_data_free(NeoPlotData *data);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NeoPlotData, neo_plot_data_free)

/** Adds a sample that ends @now: the rates of the subflows of @status. Pure. */
void neo_plot_data_add(NeoPlotData *data, const NeoStatus *status, gint64 now);

/** The same with at most @max samples, each the mean of neighbours, so that bytes stay what they are. Pure; the caller owns it. */
NeoPlotData *neo_plot_data_reduce(const NeoPlotData *data, guint max);

/** How long all samples took, in seconds. */
double neo_plot_data_duration(const NeoPlotData *data);

/** Bytes that @series moved in all samples of @data. */
double neo_plot_data_bytes(const NeoPlotData *data, const NeoPlotSeries *series);
