/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

#include "common/netlink.h"
#include "systemd-units/proxy-plan.h"

/** Inside the namespace: MPTCP on, as many joins as the kernel allows, lost announcements repeated, and neo_proxy_mptcp_announce(). */
gboolean neo_proxy_mptcp_set(const NeoProxyPlan *plan, GError **error);

/** Inside the namespace: withdraws what @plan does not name, after neo_proxy_drain(). */
gboolean neo_proxy_mptcp_withdraw(const NeoProxyPlan *plan, GError **error);

/**
 * An MPTCP endpoint (flag signal, no port) in the namespace that @generic was opened in for each address that @plan
 * announces. Others are removed first. A warning names each that does not fit the kernel's limit (8 until Linux 7.1).
 */
gboolean neo_proxy_mptcp_announce(const NeoProxyPlan *plan, NeoNetlink *generic, GError **error);
