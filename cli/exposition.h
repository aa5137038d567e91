/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/*
 * The text format in which Prometheus reads metrics
 * (https://prometheus.io/docs/instrumenting/exposition_formats/, "Text-based format", version 0.0.4).
 */

/** A metric: a name, and how each of its series gets its value. */
typedef struct {
  const char *name;
  const char *help; /**< one line, without a backslash */
  gboolean counter; /**< else a gauge */
  /** The value of @item now; NAN: there is none, and no series either. */
  double (*value)(gconstpointer item);
} NeoMetric;

/** What a series is about. */
typedef struct {
  char *labels;       /**< as neo_exposition_labels() gives them */
  gconstpointer item; /**< for NeoMetric.value */
} NeoSeries;

/** An array of NeoSeries that owns their labels, and the caller it. */
GArray *neo_series_new(void);

/** Adds a series; takes @labels. */
void neo_series_add(GArray *series, char *labels, gconstpointer item);

/** 'NAME="VALUE",...' for pairs of a name and a value that end with NULL; a value of NULL leaves its label out. The caller owns it. */
char *neo_exposition_labels(const char *name, ...) G_GNUC_NULL_TERMINATED;

/**
 * Appends the metric with all @series. Nothing for one without a value; of two with the same labels only the first, since a reader
 * would refuse all of the text for the second.
 */
void neo_exposition_add(GString *text, const NeoMetric *metric, const GArray *series);
