/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "racer/queue.h"

/* Short connections are not looked at. */
#define FIRST (128 * 1024)
/* How much may be written where there is no bound, before it is looked at whether there is one. */
#define UNBOUNDED (4 * 1024 * 1024)
/* Less than this is not worth a call. */
#define SMALL_ROOM (16 * 1024)

/* With shorter round trips there is no bound: a queue is sent before it could matter, and a pause would be seen. */
#define SHORT_RTT_US 5000

/* The first is over before a quarter of the windows and the bursts are sent. */
#define PAUSE_US 2000
#define MAX_PAUSE_US 64000

static guint64 rest(guint64 limit, guint64 used)
{
  return limit >= used + SMALL_ROOM ? limit - used : 0;
}

guint64 racer_queue_room(const RacerMptcpInfo *mptcp, const RacerSubflows *subflows, gint64 still_us)
{
  guint64 spare = subflows->flight / 4 + (guint64)mptcp->subflows * RACER_MPTCP_BURST;
  /* What was acknowledged by way of another subflow is nobody's wait, though one that fell silent holds it still. */
  guint64 unsent = rest(spare, MIN(subflows->unsent, mptcp->queued));

  if (mptcp->subflows < 2 || subflows->min_rtt_us < SHORT_RTT_US)
    return UNBOUNDED;
  if (subflows->starved)
    unsent = MAX(unsent, RACER_MPTCP_BURST);
  return still_us > 2 * (gint64)subflows->min_rtt_us ? MIN(unsent, rest(subflows->flight + spare, mptcp->queued)) : unsent;
}

static gboolean look(RacerQueue *queue, int fd)
{
  RacerMptcpInfo mptcp = racer_mptcp_of(fd);
  RacerSubflows subflows = { 0 };
  gboolean known = mptcp.subflows == 1 || (mptcp.subflows && racer_mptcp_read(fd, &subflows));
  gint64 now = g_get_monotonic_time();

  queue->pause_us = mptcp.una == queue->una ? CLAMP(2 * queue->pause_us, PAUSE_US, MAX_PAUSE_US) : PAUSE_US;
  if (mptcp.una != queue->una)
    queue->una_at = now;
  queue->una = mptcp.una;
  queue->room = known ? racer_queue_room(&mptcp, &subflows, now - queue->una_at) : G_MAXUINT64;
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
