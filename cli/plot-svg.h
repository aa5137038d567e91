/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "cli/plot-data.h"

enum { NEO_PLOT_MIN_WIDTH = 320, NEO_PLOT_MIN_HEIGHT = 240, NEO_PLOT_MAX = 10000 };

/**
 * A picture of @data: throughput over time, a path above the other, and a legend with their means. @width and @height are in pixels, between the
 * limits above; @title is any text. With equal samples the area of a series is what it moved. The colours follow the reader's scheme,
 * light or dark (prefers-color-scheme). Pure; the caller owns it.
 */
char *neo_plot_to_svg(const NeoPlotData *data, guint width, guint height, const char *title);
