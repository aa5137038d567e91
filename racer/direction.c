/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "racer/direction.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>

/* The pieces that one direction may pass on before the other connections of the worker have their turn. */
#define SHARE 8
/* Less than this in one piece is no bulk any more; copying it is cheaper. */
#define SMALL_PIECE (16 * 1024)

static gboolean holds_bytes(const RacerDirection *direction)
{
  return direction->begin < direction->end;
}

static gboolean may_read(const RacerDirection *direction)
{
  return !direction->eof && !holds_bytes(direction) && direction->from->readable;
}

static gboolean may_write(const RacerDirection *direction)
{
  return holds_bytes(direction) && direction->to->writable && !direction->full;
}

gboolean racer_direction_is_over(const RacerDirection *direction)
{
  return direction->eof && !holds_bytes(direction);
}

/* A peer that is gone already makes it fail, which the other direction will find out by itself. */
void racer_direction_shut(RacerDirection *direction)
{
  if (direction->shut || !racer_direction_is_over(direction))
    return;
  shutdown(direction->to->source.fd, SHUT_WR);
  direction->shut = TRUE;
}

void racer_direction_clear(RacerDirection *direction, RacerPool *pool)
{
  if (direction->block)
    racer_pool_give_block(pool, direction->block);
  if (direction->pipe && holds_bytes(direction))
    racer_pipe_free(direction->pipe);
  else if (direction->pipe)
    racer_pool_give_pipe(pool, direction->pipe);
  direction->block = NULL;
  direction->pipe = NULL;
  direction->begin = direction->end = 0;
}

/*
 * What a reading call returned, and whether that was @all there was: then the next bytes are an event of their own, and
 * a call that says EAGAIN is saved. FALSE: the socket is broken.
 */
static gboolean took(RacerDirection *direction, ssize_t n, gboolean all)
{
  direction->begin = 0;
  direction->end = MAX(n, 0);
  if (n == 0)
    direction->eof = TRUE;
  else if (all || (n < 0 && errno == EAGAIN))
    direction->from->readable = FALSE;
  return n >= 0 || errno == EAGAIN || errno == EINTR;
}

static gboolean fill_block(RacerDirection *direction, RacerPool *pool)
{
  direction->block = racer_pool_take_block(pool);
  ssize_t n = recv(direction->from->source.fd, direction->block, RACER_BLOCK_SIZE, 0);

  if (n == RACER_BLOCK_SIZE)
    direction->bulk = !direction->no_splice;
  return took(direction, n, n > 0 && n < RACER_BLOCK_SIZE && !direction->from->ending);
}

/* A socket that cannot be spliced, or no pipe: from now on this direction copies; FALSE: it must not. */
static gboolean stop_splicing(RacerDirection *direction)
{
  if (direction->owner)
    return FALSE;
  direction->no_splice = TRUE;
  direction->bulk = FALSE;
  return TRUE;
}

static gboolean fill_pipe(RacerDirection *direction, RacerPool *pool)
{
  direction->pipe = racer_pool_take_pipe(pool);
  if (!direction->pipe)
    return stop_splicing(direction);
  racer_pipe_own(direction->pipe, direction->owner);
  ssize_t n = splice(direction->from->source.fd, NULL, direction->pipe->write, NULL, RACER_PIPE_SIZE, SPLICE_F_NONBLOCK | SPLICE_F_MOVE);

  if (n < 0 && errno == EINVAL)
    return stop_splicing(direction);
  if (n >= 0 && n < SMALL_PIECE)
    direction->bulk = FALSE;
  return took(direction, n, FALSE);
}

static gboolean fill(RacerDirection *direction, RacerPool *pool)
{
  gboolean alive = direction->bulk || direction->owner ? fill_pipe(direction, pool) : fill_block(direction, pool);

  if (!holds_bytes(direction))
    racer_direction_clear(direction, pool);
  return alive;
}

static ssize_t give(RacerDirection *direction)
{
  gsize size = racer_queue_take(&direction->queue, direction->end - direction->begin);
  int fd = direction->to->source.fd;

  if (direction->pipe)
    return splice(direction->pipe->read, NULL, fd, NULL, size, SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
  return send(fd, direction->block + direction->begin, size, MSG_NOSIGNAL);
}

static gboolean drain(RacerDirection *direction, RacerPool *pool)
{
  ssize_t n = give(direction);

  if (n < 0 && errno == EAGAIN)
    direction->to->writable = FALSE;
  if (n < 0)
    return errno == EAGAIN || errno == EINTR;
  direction->begin += n;
  racer_burst_sent(&direction->burst, direction->to->source.fd, n);
  direction->full = racer_queue_sent(&direction->queue, direction->to->source.fd, n);
  if (!holds_bytes(direction))
    racer_direction_clear(direction, pool);
  return TRUE;
}

RacerFlow racer_direction_run(RacerDirection *direction, RacerPool *pool)
{
  for (guint blocks = 0; blocks < SHARE;) {
    if (may_write(direction)) {
      if (!drain(direction, pool))
        return RACER_FLOW_BROKEN;
      blocks += !holds_bytes(direction);
    } else if (may_read(direction)) {
      if (!fill(direction, pool))
        return RACER_FLOW_BROKEN;
    } else {
      return RACER_FLOW_WAITS;
    }
  }
  return RACER_FLOW_GOES_ON;
}
