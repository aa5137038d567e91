/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "common/netlink.h"
#include "paths/pm-model.h"

/**
 * Reads the MPTCP connections and their subflows of the network namespace of @diag (a NETLINK_SOCK_DIAG socket) as
 * NeoPmSocket, connections first; those that fell back to TCP are left out. Needs CAP_NET_ADMIN. NULL on error; the
 * caller owns it.
 */
GArray *neo_pm_diag_dump(NeoNetlink *diag, GError **error);

/** The same for the connections alone, or the subflows alone. */
GArray *neo_pm_diag_connections(NeoNetlink *diag, GError **error);
GArray *neo_pm_diag_subflows(NeoNetlink *diag, GError **error);

/**
 * Closes the subflow @socket with a reset, whoever its path manager is (SOCK_DESTROY). The kernel sends what was in flight on it on the
 * other subflows. *@ret_errno is ENOENT if it has gone, EOPNOTSUPP if the kernel was built without CONFIG_INET_DIAG_DESTROY.
 */
gboolean neo_pm_diag_close(NeoNetlink *diag, const NeoPmSocket *socket, int *ret_errno, GError **error);

/** One answer of the MPTCP dump (linux/inet_diag.h, struct mptcp_info). FALSE if it is no live connection. Pure. */
gboolean neo_pm_parse_connection(const struct nlmsghdr *message, NeoPmSocket *ret_socket);

/** One answer of the TCP dump (INET_DIAG_ULP_INFO, mptcp). FALSE if it is no subflow. Pure. */
gboolean neo_pm_parse_subflow(const struct nlmsghdr *message, NeoPmSocket *ret_socket);
