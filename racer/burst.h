/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/*
 * The kernel's MPTCP scheduler gives up to 64 KiB in a row to one subflow (RACER_MPTCP_BURST). The window, which all
 * subflows share, is 64 KiB at first and grows by what the busiest of them brings: with 64 paths of 5 Mbit/s it takes five seconds until there is
 * a burst for each, and meanwhile most subflows wait for the few that got one. So as long as the window is smaller than that, the kernel is given
 * small pieces (TCP_NOTSENT_LOWAT), each of which goes to the subflow that is free first. That costs a call for each piece, which is why
 * it ends as soon as the window is large.
 */
typedef struct {
  guint64 sent;    /**< bytes written to the socket */
  guint64 look_at; /**< nothing is looked at before so many were, or 64 KiB */
  gboolean small;  /**< pieces are small now, or may be */
} RacerBurst;

/** Notes that @size bytes were written to the socket @fd, of whatever protocol, and sets the size of what comes next. */
void racer_burst_sent(RacerBurst *burst, int fd, gsize size);

/** Whether @subflows with a window of @window bytes are to get small pieces. Pure. */
gboolean racer_burst_is_small(guint subflows, guint32 window);
