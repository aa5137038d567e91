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

gboolean racer_pool_stow(RacerPool *pool, RacerLockers *lockers)
{
  pool->map = racer_pipe_map_new(lockers);
  pool->lockers = pool->map ? lockers : NULL;
  return pool->map != NULL;
}

void racer_pool_clear(RacerPool *pool)
{
  g_ptr_array_unref(pool->blocks);
  g_ptr_array_unref(pool->pipes);
  g_clear_pointer(&pool->map, racer_pipe_map_free);
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

gboolean racer_pool_adopt_pipe(RacerPool *pool, RacerPipe *pipe)
{
  if (!pool->lockers || pipe->stowed)
    return TRUE;
  if (!racer_pipe_map_take(pool->map, &pipe->place))
    return FALSE;
  RacerRecord record = { .kind = RACER_RECORD_PIPE, .map = racer_pipe_map_number(pool->map), .id = pipe->place };
  pipe->stowed = racer_lockers_put(pool->lockers, record, (int[]){ pipe->read, pipe->write }, 2);
  if (!pipe->stowed) {
    racer_pipe_map_give(pool->map, pipe->place);
    return FALSE;
  }
  pipe->lockers = pool->lockers;
  pipe->map = pool->map;
  return TRUE;
}

static RacerPipe *pipe_new(RacerPool *pool)
{
  int fds[2];

  if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
    return NULL;
  RacerPipe *pipe = g_new0(RacerPipe, 1);
  pipe->read = fds[0];
  pipe->write = fds[1];
  gboolean full_size = fcntl(pipe->write, F_SETPIPE_SZ, RACER_PIPE_SIZE) >= 0;
  if ((full_size || pool->lockers) && racer_pool_adopt_pipe(pool, pipe))
    return pipe;
  racer_pipe_free(pipe);
  return NULL;
}

void racer_pipe_own(RacerPipe *pipe, guint64 owner)
{
  if (pipe->map)
    racer_pipe_map_set(pipe->map, pipe->place, owner);
}

RacerPipe *racer_pool_take_pipe(RacerPool *pool)
{
  RacerPipe *pipe = take(pool->pipes);

  return pipe ? pipe : pipe_new(pool);
}

void racer_pool_give_pipe(RacerPool *pool, RacerPipe *pipe)
{
  if (pool->pipes->len < MAX_SPARE)
    g_ptr_array_add(pool->pipes, pipe);
  else
    racer_pipe_free(pipe);
}

/* The locker may keep the pipe after another has its place: bytes that are left would then be that one's. */
static void empty(const RacerPipe *pipe)
{
  char bytes[16 * 1024];

  while (read(pipe->read, bytes, sizeof bytes) > 0)
    ;
}

void racer_pipe_free(RacerPipe *pipe)
{
  if (pipe->stowed) {
    empty(pipe);
    racer_lockers_take_out(pipe->lockers, pipe->stowed);
    racer_pipe_map_give(pipe->map, pipe->place);
  }
  close(pipe->read);
  close(pipe->write);
  g_free(pipe);
}
