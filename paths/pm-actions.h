/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "common/netlink.h"
#include "paths/pm-plan.h"

/**
 * Sends @step for the connection with @token to the kernel (generic netlink family mptcp_pm). On failure *@ret_errno (may
 * be NULL) is the kernel's errno.
 */
gboolean neo_pm_do(NeoNetlink *generic, guint16 family, guint32 token, const NeoPmStep *step, int *ret_errno, GError **error);

/** Whether a connection with this token lives and is managed from user space. */
gboolean neo_pm_owns(NeoNetlink *generic, guint16 family, guint32 token);

/** The kernel's MPTCP endpoints that are to be announced (flag signal), as NeoPmRemote. The caller owns it; NULL on error. */
GArray *neo_pm_read_signals(NeoNetlink *generic, guint16 family, GError **error);
