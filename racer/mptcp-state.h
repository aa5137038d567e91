/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/** What the kernel's scheduler gives to one subflow in a row at most, in bytes (MPTCP_SEND_BURST_SIZE, net/mptcp/protocol.c). */
#define RACER_MPTCP_BURST (64 * 1024)

/** An MPTCP connection (MPTCP_INFO). */
typedef struct {
  guint subflows; /**< 0: it is not MPTCP, or has fallen back to TCP */
  guint64 queued; /**< bytes written that the peer has not acknowledged, sent or not */
  guint64 una;    /**< the sequence number of the first of them */
} RacerMptcpInfo;

/** Its subflows together (MPTCP_TCPINFO), without those that are closing or closed. */
typedef struct {
  guint32 window;     /**< bytes that the peer's last word on any of them left room for */
  guint64 flight;     /**< bytes that their congestion windows let be in flight */
  guint64 unsent;     /**< bytes that were given to them and wait for these windows */
  gboolean starved;   /**< one that has data in flight has nothing that waits */
  guint32 min_rtt_us; /**< the shortest of their shortest round-trip times; 0: not known */
} RacerSubflows;

/** What the socket @fd, of whatever protocol, is. */
RacerMptcpInfo racer_mptcp_of(int fd);

/** FALSE: the kernel does not say (before Linux 5.16). More than 64 subflows are reckoned from 64 of them. */
gboolean racer_mptcp_read(int fd, RacerSubflows *ret_subflows);
