/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "racer/loop.h"

/* A binary heap of timers: setting and clearing one costs O(log n). */

/** Sets @timer to @due in @heap (a GPtrArray of RacerTimer that does not own them). */
void racer_timers_set(GPtrArray *heap, RacerTimer *timer, gint64 due);
void racer_timers_clear(GPtrArray *heap, RacerTimer *timer);

/** The timer that is due first, or NULL. */
RacerTimer *racer_timers_first(const GPtrArray *heap);
