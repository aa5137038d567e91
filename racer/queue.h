/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "racer/mptcp-state.h"

/*
 * When a subflow ends, the kernel sends all again that the connection has not had acknowledged (__mptcp_retransmit_pending_data() in
 * net/mptcp/protocol.c), on the other subflows and in front of what is new: a stall as long as that queue, 300 ms for four paths of 20 Mbit/s. Most
 * of it need not be there: a subflow is given twice its congestion window and more (tcp_wmem). So what waits in the subflows is bounded here, if there are
 * several: a quarter of their congestion windows and a burst for each, unless one has nothing that waits. The rest stays in the sockets it comes from.
 *
 * When nothing is acknowledged for two round trips, as when a subflow fell silent, what is not acknowledged is bounded to the windows, a quarter and the bursts: it is
 * only when a subflow has nothing to do that the kernel sends there what is missing (mptcp_subflow_get_retrans()), and less has to be sent again.
 */
typedef struct {
  guint64 room;   /**< bytes that may be written before it is looked at again; 0: it is full, or was never looked at */
  guint64 una;    /**< the first byte that was not acknowledged when it was looked at last */
  gint64 una_at;  /**< since when; monotonic microseconds */
  guint pause_us; /**< how long a full queue is to be left alone: longer each time that nothing was taken from it */
} RacerQueue;

/** How many of @size bytes may be written now. */
gsize racer_queue_take(RacerQueue *queue, gsize size);

/** Notes that @size bytes were written to the socket @fd, of whatever protocol. Whether no more are to be written for @queue->pause_us. */
gboolean racer_queue_sent(RacerQueue *queue, int fd, gsize size);

/**
 * How many bytes may be written to the connection @mptcp with @subflows, on which nothing was acknowledged for @still_us microseconds, before it is
 * looked at again; 0: the queue is full. Pure.
 */
guint64 racer_queue_room(const RacerMptcpInfo *mptcp, const RacerSubflows *subflows, gint64 still_us);
