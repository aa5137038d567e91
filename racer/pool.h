/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/** Bytes in a block of memory. What comes in smaller pieces is copied; a full block begins a bulk transfer. */
#define RACER_BLOCK_SIZE (64 * 1024)

/**
 * Bytes that a pipe takes: the most that an unprivileged user gets (pipe(7), pipe-max-size). By measurement 256 KiB
 * cost a third more CPU for each byte.
 */
#define RACER_PIPE_SIZE (1024 * 1024)

/** A pipe that bytes are spliced through. */
typedef struct {
  int read, write;
} RacerPipe;

/**
 * Blocks and pipes that bytes pass through. A connection holds one only while a slow reader keeps bytes waiting,
 * so an idle connection costs none. One thread only.
 */
typedef struct {
  GPtrArray *blocks, *pipes; /* spare ones */
} RacerPool;

void racer_pool_init(RacerPool *pool);
void racer_pool_clear(RacerPool *pool);

char *racer_pool_take_block(RacerPool *pool);
void racer_pool_give_block(RacerPool *pool, char *block);

/** NULL if the system has no pipe of the full size for this user (pipe(7), pipe-user-pages-soft). */
RacerPipe *racer_pool_take_pipe(RacerPool *pool);

/** Takes back a pipe that is empty. */
void racer_pool_give_pipe(RacerPool *pool, RacerPipe *pipe);

/** Closes a pipe that bytes may be left in. */
void racer_pipe_free(RacerPipe *pipe);
