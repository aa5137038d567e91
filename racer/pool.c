/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "racer/pool.h"

#include <fcntl.h>
#include <unistd.h>

/* Spare ones beyond these go back to the system: a burst of slow readers must not be paid for ever after. */
#define MAX_SPARE 16

void racer_pool_init(RacerPool *pool)
{
  pool->blocks = g_ptr_array_new_with_free_func(g_free);
  pool->pipes = g_ptr_array_new_with_free_func((GDestroyNotify)racer_pipe_free);
}

void racer_pool_clear(RacerPool *pool)
{
  g_ptr_array_unref(pool->blocks);
  g_ptr_array_unref(pool->pipes);
}

static gpointer take(GPtrArray *spare)
{
  return spare->len ? g_ptr_array_steal_index_fast(spare, spare->len - 1) : NULL;
}

char *racer_pool_take_block(RacerPool *pool)
{
  char *block = take(pool->blocks);

  return block ? block : g_malloc(RACER_BLOCK_SIZE);
}

void racer_pool_give_block(RacerPool *pool, char *block)
{
  if (pool->blocks->len < MAX_SPARE)
    g_ptr_array_add(pool->blocks, block);
  else
    g_free(block);
}

static RacerPipe *pipe_new(void)
{
  int fds[2];

  if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
    return NULL;
  RacerPipe *pipe = g_new(RacerPipe, 1);
  *pipe = (RacerPipe){ fds[0], fds[1] };
  if (fcntl(pipe->write, F_SETPIPE_SZ, RACER_PIPE_SIZE) >= 0)
    return pipe;
  racer_pipe_free(pipe);
  return NULL;
}

RacerPipe *racer_pool_take_pipe(RacerPool *pool)
{
  RacerPipe *pipe = take(pool->pipes);

  return pipe ? pipe : pipe_new();
}

void racer_pool_give_pipe(RacerPool *pool, RacerPipe *pipe)
{
  if (pool->pipes->len < MAX_SPARE)
    g_ptr_array_add(pool->pipes, pipe);
  else
    racer_pipe_free(pipe);
}

void racer_pipe_free(RacerPipe *pipe)
{
  close(pipe->read);
  close(pipe->write);
  g_free(pipe);
}
