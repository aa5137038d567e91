/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "racer/queue.h"

/* Short connections are not looked at. */
#define FIRST (128 * 1024)
/* How much may be written where there is no bound, before it is looked at whether there is one. */
#define UNBOUNDED (4 * 1024 * 1024)
/* What the scheduler gives to one subflow in a row (racer/burst.h). */
#define BURST (64 * 1024)
/* Less than this is not worth a call. */
#define SMALL_ROOM (16 * 1024)

/* The first is over before a quarter of the windows and the bursts are sent. */
#define PAUSE_US 2000
#define MAX_PAUSE_US 64000

guint64 racer_queue_room(const RacerSubflows *subflows)
{
  guint64 limit = subflows->flight / 4 + (guint64)subflows->busy * BURST;

  if (subflows->busy < 2 || subflows->min_rtt_us < RACER_QUEUE_RTT_US)
    return UNBOUNDED;
  if (subflows->unsent + SMALL_ROOM <= limit)
    return limit - subflows->unsent;
  return subflows->starved ? BURST : 0;
}

static gboolean look(RacerQueue *queue, int fd)
{
  guint n = racer_mptcp_count(fd);
  RacerSubflows subflows = { 0 };

  if (n > 1 && !racer_mptcp_read(fd, &subflows))
    n = 0;
  queue->room = n ? racer_queue_room(&subflows) : G_MAXUINT64;
  queue->pause_us = subflows.unsent == queue->unsent ? CLAMP(2 * queue->pause_us, PAUSE_US, MAX_PAUSE_US) : PAUSE_US;
  queue->unsent = subflows.unsent;
  return queue->room == 0;
}

gsize racer_queue_take(RacerQueue *queue, gsize size)
{
  if (!queue->room)
    queue->room = FIRST;
  return MIN(size, queue->room);
}

gboolean racer_queue_sent(RacerQueue *queue, int fd, gsize size)
{
  if (queue->room < G_MAXUINT64)
    queue->room -= MIN(size, queue->room);
  return queue->room < SMALL_ROOM && look(queue, fd);
}
