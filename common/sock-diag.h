/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <linux/inet_diag.h>

#include "common/address.h"
#include "common/netlink.h"

/* TCP and MPTCP sockets, by sock_diag(7): the request, and what every answer begins with. */

/** States of sockets (include/net/tcp_states.h); the C library's header that names them lacks the newer counters of linux/tcp.h. */
typedef enum {
  NEO_SOCKET_ESTABLISHED = 1,
  NEO_SOCKET_SYN_SENT = 2,
} NeoSocketState;

/**
 * Calls @take (libmnl's convention) for each IPv4 and IPv6 socket of @protocol (IPPROTO_TCP, IPPROTO_MPTCP) that is in one of @states
 * (1 << NeoSocketState), with its INET_DIAG_INFO. @diag is a socket of NETLINK_SOCK_DIAG.
 */
gboolean neo_sock_diag_dump(NeoNetlink *diag, int protocol, guint32 states, mnl_cb_t take, gpointer data, GError **error);

/**
 * The header of an answer, and its addresses; an IPv4-mapped one becomes IPv4. The header stays @message's. NULL if it is cut short or of another
 * family. Pure.
 */
const struct inet_diag_msg *neo_sock_diag_read(const struct nlmsghdr *message, NeoAddress *ret_local, NeoAddress *ret_remote);
