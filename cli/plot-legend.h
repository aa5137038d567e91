/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "cli/plot-data.h"

/** How the legend of a picture is laid out: in columns, row by row. */
typedef struct {
  guint columns, column_width; /**< in pixels, as is the height */
  guint shown;                 /**< series; what has no room is only counted */
  guint height;
} NeoPlotLegend;

/** The layout of @data's legend in so many pixels. */
NeoPlotLegend neo_plot_legend(const NeoPlotData *data, guint width, guint max_height);

/** Appends the legend with its left upper corner there. */
void neo_plot_put_legend(GString *svg, const NeoPlotData *data, const NeoPlotLegend *legend, guint x, guint y);

/** Appends the definitions of the stripes that neo_plot_fill() names. */
void neo_plot_put_patterns(GString *svg, const NeoPlotData *data);

/** The attribute of an element of SVG that fills it as that series: a colour for each path, with stripes by relays. The caller owns it. */
char *neo_plot_fill(const NeoPlotData *data, guint series);

/** "neo1", "neo1 by relay"; escaped. The caller owns it. */
char *neo_plot_name(const NeoPlotSeries *series);

/** @text as XML can hold it. The caller owns it. */
char *neo_plot_escape(const char *text);
