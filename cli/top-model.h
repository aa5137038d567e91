/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "cli/status-model.h"

typedef enum { NEO_TOP_BY_NAME, NEO_TOP_BY_RATE, NEO_TOP_BY_RTT, NEO_TOP_N_ORDERS } NeoTopOrder;

typedef enum { NEO_TOP_PLAIN, NEO_TOP_TITLE, NEO_TOP_HEADING, NEO_TOP_BUSY, NEO_TOP_BAD } NeoTopStyle;

/** A line of the screen. */
typedef struct {
  char *text;
  NeoTopStyle style;
} NeoTopLine;

/** What neo top shows: rows for paths, ways and relays, each with the rates of the last looks. */
typedef struct NeoTop NeoTop;

NeoTop *neo_top_new(void);
void neo_top_free(NeoTop *top);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NeoTop, neo_top_free)

/** Takes in a look at the host; @now is in monotonic microseconds. Rows that are gone are forgotten. */
void neo_top_update(NeoTop *top, const NeoStatus *status, gint64 now);

/** Sorts the rows inside their groups. */
void neo_top_sort(NeoTop *top, NeoTopOrder order);

/**
 * The screen: at most @height lines (NeoTopLine, owned by the caller) of at most @width columns; with @ascii without other characters.
 * Pure.
 */
GArray *neo_top_lines(const NeoTop *top, guint width, guint height, gboolean ascii, gboolean paused);

/** @value of @max as a bar of @width columns, and the last @width of @values (double) as a line of small columns. The caller owns both. */
char *neo_top_bar(double value, double max, guint width, gboolean ascii);
char *neo_top_sparkline(const GArray *values, guint width, gboolean ascii);
