/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/** The subflows of an MPTCP connection together (MPTCP_TCPINFO). */
typedef struct {
  guint busy;         /**< how many have data in flight or to send */
  guint32 window;     /**< bytes that the peer's last word on any of them left room for */
  guint64 flight;     /**< bytes that the congestion windows of the busy ones let be in flight */
  guint64 unsent;     /**< bytes that were given to them and wait for these windows */
  gboolean starved;   /**< a busy one has nothing that waits */
  guint32 min_rtt_us; /**< the shortest of their shortest round-trip times; 0: not known */
} RacerSubflows;

/** How many subflows the connection of @fd has (MPTCP_INFO); 0: it is not MPTCP, or has fallen back to TCP. */
guint racer_mptcp_count(int fd);

/** FALSE: the kernel does not say (before Linux 5.16). More than 64 subflows are reckoned from 64 of them. */
gboolean racer_mptcp_read(int fd, RacerSubflows *ret_subflows);
