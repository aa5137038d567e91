/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

#include "racer/burst.h"
#include "racer/loop.h"
#include "racer/pool.h"
#include "racer/queue.h"

/** One of the two sockets of a connection, with what the kernel last said of it. */
typedef struct {
  RacerSource source;
  gboolean readable, writable; /**< until a call gets or takes less than it could */
  gboolean ending;             /**< the kernel announced an end or an error, which reading will show */
} RacerEnd;

/**
 * The bytes that go one way. Both ways of a connection are the same, so that each ends by itself (half-close):
 *   open:     reads from @from, writes to @to; ended by an end of file from @from
 *   draining: @eof is set, bytes are still held; ended when the last is written
 *   over:     @eof is set and nothing is held; @to is told the end (shutdown(2)), unless both directions are over
 *             and the sockets are closed
 */
typedef struct {
  RacerEnd *from, *to;
  char *block;       /**< holds the bytes from @begin to @end; NULL: none */
  RacerPipe *pipe;   /**< holds @end - @begin bytes; NULL: none */
  guint begin, end;
  gboolean eof, shut;
  gboolean bulk;     /**< bytes come in large pieces: they are spliced instead of copied */
  gboolean no_splice; /**< it cannot be: a kind of socket, or no pipe left */
  RacerBurst burst;  /**< of @to */
  RacerQueue queue;  /**< of @to */
  gboolean full;     /**< it is; nothing is written until it is looked at again */
  guint64 owner;     /**< not 0: the bytes have to outlive a crash and are only spliced; as in RacerRecord */
} RacerDirection;

typedef enum {
  RACER_FLOW_WAITS, /**< until the kernel says more */
  RACER_FLOW_GOES_ON, /**< there is more to do, but others shall have their turn */
  RACER_FLOW_BROKEN, /**< an end was reset, or nothing can hold the bytes; errno says how */
} RacerFlow;

/** Moves bytes until the sockets have no more or take no more, or until it was its share. */
RacerFlow racer_direction_run(RacerDirection *direction, RacerPool *pool);

/** Whether all bytes up to the end of file were passed on. */
gboolean racer_direction_is_over(const RacerDirection *direction);

/** Tells @to the end, once, if the direction is over. */
void racer_direction_shut(RacerDirection *direction);

/** Gives back what the direction holds. */
void racer_direction_clear(RacerDirection *direction, RacerPool *pool);
