/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/** Bytes in a block: by measurement, 64 KiB halves the rate and more than 256 KiB gains nothing. */
#define RACER_BLOCK_SIZE (256 * 1024)

/**
 * Blocks of memory that bytes pass through. A connection holds one only while a slow reader keeps bytes waiting,
 * so an idle connection costs none. One thread only.
 */
typedef struct {
  GPtrArray *spare;
} RacerPool;

void racer_pool_init(RacerPool *pool);
void racer_pool_clear(RacerPool *pool);
char *racer_pool_take(RacerPool *pool);
void racer_pool_give(RacerPool *pool, char *block);
