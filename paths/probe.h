/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <libmnl/libmnl.h>

#include "common/netlink.h"

/**
 * The greatest MPTCP limit that the running kernel takes: 8 up to Linux 7.1, and 8 if it cannot be found out.
 * Changes nothing: each request that asks also holds a limit that every kernel refuses.
 */
guint32 neo_probe_limit_max(NeoNetlink *generic, guint16 mptcp_family);

/** The offset in the request at which the kernel found fault (NLMSGERR_ATTR_OFFS), 0 if it did not say. Pure. */
guint32 neo_parse_fault_offset(const struct nlmsghdr *answer);
