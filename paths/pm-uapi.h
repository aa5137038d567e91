/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <linux/mptcp.h>

/*
 * What headers older than the kernels that Neo runs on lack. Source: include/uapi/linux/mptcp_pm.h of Linux 6.18, where
 * all are part of the kernel's stable interface. Enumerators cannot be asked for by #ifdef, hence names of our own.
 */
enum {
  NEO_MPTCP_EVENT_LISTENER_CREATED = 15,
  NEO_MPTCP_EVENT_LISTENER_CLOSED = 16,
};

/** In MPTCP_ATTR_FLAGS; its name in the headers came after that of 6.1.4. */
#define NEO_MPTCP_EV_FLAG_DENY_JOIN_ID0 (1u << 0)

/** In MPTCP_ATTR_FLAGS from 6.18, beside the older attribute MPTCP_ATTR_SERVER_SIDE. */
#define NEO_MPTCP_EV_FLAG_SERVER_SIDE (1u << 1)
