/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

#include "racer/pipemap.h"

/** Bytes in a block of memory. What comes in smaller pieces is copied; a full block begins a bulk transfer. */
#define RACER_BLOCK_SIZE (64 * 1024)

/**
 * Bytes that a pipe takes. By measurement 256 KiB cost a third more CPU for each byte; 1 MiB, the most that an unprivileged user gets
 * (pipe(7), pipe-max-size), costs no less and is a tenth slower for one stream, as it leaves the processor's cache.
 */
#define RACER_PIPE_SIZE (512 * 1024)

/** A pipe that bytes are spliced through. */
typedef struct {
  int read, write;
  RacerLockers *lockers; /**< where it is stowed; NULL: nowhere */
  RacerStowed *stowed;
  RacerPipeMap *map;     /**< says whose bytes it has, for whoever finds it in the locker */
  guint place;
} RacerPipe;

/**
 * Blocks and pipes that bytes pass through. A connection holds one only while a slow reader keeps bytes waiting,
 * so an idle connection costs none. One thread only.
 */
typedef struct {
  GPtrArray *blocks, *pipes; /**< spare ones */
  RacerLockers *lockers;     /**< pipes are stowed here when they are made; NULL: nowhere */
  RacerPipeMap *map;
} RacerPool;

void racer_pool_init(RacerPool *pool);

/** From now on pipes outlive the process: @lockers stay the caller's. FALSE with errno if the system refuses. */
gboolean racer_pool_stow(RacerPool *pool, RacerLockers *lockers);
void racer_pool_clear(RacerPool *pool);

char *racer_pool_take_block(RacerPool *pool);
void racer_pool_give_block(RacerPool *pool, char *block);

/**
 * NULL if the system has no pipe, or none of the full size for this user (pipe(7), pipe-user-pages-soft). Pipes that are
 * stowed may be smaller: copying is no choice where bytes have to outlive the process.
 */
RacerPipe *racer_pool_take_pipe(RacerPool *pool);

/** Takes back a pipe that is empty. */
void racer_pool_give_pipe(RacerPool *pool, RacerPipe *pipe);

/** Stows a pipe that came from elsewhere with bytes. FALSE with errno if the system refuses. */
gboolean racer_pool_adopt_pipe(RacerPool *pool, RacerPipe *pipe);

/** Says whose the bytes are that go into the pipe next. It is empty. @owner: as in RacerRecord. */
void racer_pipe_own(RacerPipe *pipe, guint64 owner);

/** Closes a pipe that bytes may be left in. */
void racer_pipe_free(RacerPipe *pipe);
