/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "common/address.h"

typedef enum {
  NEO_PROBE_OPEN,    /**< connected */
  NEO_PROBE_REFUSED, /**< a reset came back */
  NEO_PROBE_SILENT,  /**< nothing came back in time */
  NEO_PROBE_ERROR,   /**< errno says why not */
} NeoProbeAnswer;

/**
 * Connects to @to from @from (family AF_UNSPEC: any own address) with @protocol (IPPROTO_TCP or IPPROTO_MPTCP) and waits at most
 * @timeout ms. *@ret_fd is the socket when the answer is NEO_PROBE_OPEN, for the caller to close.
 */
NeoProbeAnswer neo_probe_connect(const NeoAddress *to, guint16 port, const NeoAddress *from, int protocol, guint timeout, int *ret_fd);

/** Whether the connection of @fd speaks MPTCP and has not fallen back (MPTCP_INFO). */
gboolean neo_probe_is_mptcp(int fd);

/** What the subflows of a connection say of one remote address (MPTCP_SUBFLOW_ADDRS, MPTCP_TCPINFO; Linux 5.16). */
typedef struct {
  gboolean known;    /**< there is a subflow to it */
  guint16 local_port; /**< that subflow's */
  gboolean accepted; /**< it is established, and the other end has acknowledged the last step of the join */
  guint32 segments_in, segments_out;
  gboolean announced;   /**< this host took an announcement of some address */
  gboolean may_accept;  /**< its limits let it take one */
} NeoProbeJoin;

/** FALSE with errno when the kernel does not tell. */
gboolean neo_probe_join(int fd, const NeoAddress *to, guint16 port, NeoProbeJoin *ret_join);
