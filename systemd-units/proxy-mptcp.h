/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

#include "systemd-units/proxy-plan.h"

/**
 * Inside the namespace: MPTCP on, as many joins as the kernel allows, and an MPTCP endpoint (flag signal, no port) for
 * each address that @plan announces. Endpoints that it does not name are removed first. What does not fit the kernel's
 * limit (8 until Linux 7.1) is added to *@ret_left_out, an array of NeoAddress that the caller owns.
 */
gboolean neo_proxy_mptcp_set(const NeoProxyPlan *plan, GArray **ret_left_out, GError **error);
