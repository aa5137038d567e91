/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/*
 * Which path manager a connection has is settled when it is made, by net.mptcp.path_manager of its network namespace ("kernel",
 * "userspace"; before Linux 6.15 net.mptcp.pm_type, 0 or 1; Documentation/networking/mptcp-sysctl.rst).
 */

/** Whether new connections get the userspace path manager. */
gboolean neo_pm_is_selected(void);

/** Gives new connections the userspace path manager, or the kernel's. */
gboolean neo_pm_select(gboolean userspace, GError **error);
