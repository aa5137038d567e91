/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "racer/pool.h"

/* Spare blocks beyond these go back to the system: a burst of slow readers must not be paid for ever after. */
#define MAX_SPARE 16

void racer_pool_init(RacerPool *pool)
{
  pool->spare = g_ptr_array_new_with_free_func(g_free);
}

void racer_pool_clear(RacerPool *pool)
{
  g_ptr_array_unref(pool->spare);
}

char *racer_pool_take(RacerPool *pool)
{
  if (pool->spare->len == 0)
    return g_malloc(RACER_BLOCK_SIZE);
  return g_ptr_array_steal_index_fast(pool->spare, pool->spare->len - 1);
}

void racer_pool_give(RacerPool *pool, char *block)
{
  if (pool->spare->len < MAX_SPARE)
    g_ptr_array_add(pool->spare, block);
  else
    g_free(block);
}
