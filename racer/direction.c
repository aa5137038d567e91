/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "racer/direction.h"

#include <errno.h>
#include <sys/socket.h>

/* Blocks that one direction may pass on before the other connections of the worker have their turn. */
#define SHARE 4

static gboolean holds_bytes(const RacerDirection *direction)
{
  return direction->block != NULL;
}

static gboolean may_read(const RacerDirection *direction)
{
  return !direction->eof && !holds_bytes(direction) && direction->from->readable;
}

static gboolean may_write(const RacerDirection *direction)
{
  return holds_bytes(direction) && direction->to->writable;
}

static gboolean must_shut(const RacerDirection *direction)
{
  return direction->eof && !holds_bytes(direction) && !direction->shut;
}

gboolean racer_direction_is_done(const RacerDirection *direction)
{
  return direction->shut;
}

void racer_direction_clear(RacerDirection *direction, RacerPool *pool)
{
  if (direction->block)
    racer_pool_give(pool, direction->block);
  direction->block = NULL;
}

/* FALSE: the socket is broken. */
static gboolean fill(RacerDirection *direction, RacerPool *pool)
{
  char *block = racer_pool_take(pool);
  ssize_t n = recv(direction->from->source.fd, block, RACER_BLOCK_SIZE, 0);

  if (n > 0) {
    direction->block = block;
    direction->begin = 0;
    direction->end = n;
    return TRUE;
  }
  racer_pool_give(pool, block);
  if (n == 0)
    direction->eof = TRUE;
  else if (errno == EAGAIN)
    direction->from->readable = FALSE;
  else
    return errno == EINTR;
  return TRUE;
}

static gboolean drain(RacerDirection *direction, RacerPool *pool, guint64 *bytes)
{
  ssize_t n = send(direction->to->source.fd, direction->block + direction->begin, direction->end - direction->begin, MSG_NOSIGNAL);

  if (n < 0 && errno == EAGAIN)
    direction->to->writable = FALSE;
  if (n < 0)
    return errno == EAGAIN || errno == EINTR;
  *bytes += n;
  direction->begin += n;
  if (direction->begin == direction->end)
    racer_direction_clear(direction, pool);
  return TRUE;
}

/* A peer that is gone already makes it fail, which the other direction will find out by itself. */
static void shut(RacerDirection *direction)
{
  shutdown(direction->to->source.fd, SHUT_WR);
  direction->shut = TRUE;
}

RacerFlow racer_direction_run(RacerDirection *direction, RacerPool *pool, guint64 *bytes)
{
  for (guint blocks = 0; blocks < SHARE;) {
    if (may_write(direction)) {
      if (!drain(direction, pool, bytes))
        return RACER_FLOW_BROKEN;
      blocks += !holds_bytes(direction);
    } else if (may_read(direction)) {
      if (!fill(direction, pool))
        return RACER_FLOW_BROKEN;
    } else {
      if (must_shut(direction))
        shut(direction);
      return RACER_FLOW_WAITS;
    }
  }
  return RACER_FLOW_GOES_ON;
}
