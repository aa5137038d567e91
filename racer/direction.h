/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

#include "racer/loop.h"
#include "racer/pool.h"

/** One of the two sockets of a connection, with what the kernel last said of it. */
typedef struct {
  RacerSource source;
  gboolean readable, writable; /**< until a call says EAGAIN */
} RacerEnd;

/**
 * The bytes that go one way. Both ways of a connection are the same, so that each ends by itself (half-close):
 *   open:     reads from @from, writes to @to; ended by an end of file from @from
 *   draining: @eof is set, @block still holds bytes; ended when the last is written
 *   shut:     @to was told the end (shutdown(2)); nothing more happens
 */
typedef struct {
  RacerEnd *from, *to;
  char *block;        /**< NULL: holds nothing */
  guint begin, end;   /**< the bytes in @block */
  gboolean eof, shut;
} RacerDirection;

typedef enum {
  RACER_FLOW_WAITS, /**< until the kernel says more */
  RACER_FLOW_GOES_ON, /**< there is more to do, but others shall have their turn */
  RACER_FLOW_BROKEN, /**< an end was reset; errno says how */
} RacerFlow;

/** Moves bytes until the sockets have no more or take no more, or until it was its share. *@bytes grows by what was written. */
RacerFlow racer_direction_run(RacerDirection *direction, RacerPool *pool, guint64 *bytes);

/** Whether the direction has told @to its end. */
gboolean racer_direction_is_done(const RacerDirection *direction);

/** Gives back what the direction holds. */
void racer_direction_clear(RacerDirection *direction, RacerPool *pool);
