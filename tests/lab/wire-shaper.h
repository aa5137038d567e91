/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "tests/lab/wire-settings.h"

/** The line as a model: what becomes of a frame, without clocks and files. One for each direction. */
typedef struct {
  uint64_t random;  /* state of the generator; not 0 */
  uint64_t free_ns; /* when the limited line has sent all that it was given */
  uint64_t last_due_ns;
  uint64_t jitter_part, jitter_until_ns; /* part of 2 * jitter, in 1/2^32 */
} Shaper;

typedef enum { SHAPER_PASSES, SHAPER_LOST, SHAPER_FULL } ShaperVerdict;

/** How long one value of the jitter holds. */
#define SHAPER_JITTER_HOLD_NS 10000000ULL

/**
 * Decides about a frame of @bits that arrived at @now_ns: it is lost, finds the queue of the limited line full, or
 * passes and is due at *@ret_due_ns, which is never before that of an earlier frame.
 */
ShaperVerdict shaper_accept(Shaper *shaper, const Settings *settings, uint64_t bits, uint64_t now_ns,
                            uint64_t *ret_due_ns);
