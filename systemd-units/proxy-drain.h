/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "common/netlink.h"
#include "systemd-units/proxy-plan.h"

/**
 * Moves what live connections send to other subflows before the relays among @endpoints (NeoMptcpEndpoint) that @plan has no longer are
 * withdrawn: theirs become backups at both ends (MP_PRIO; RFC 8684, 3.3.8), and what they carry is waited for, 400 ms at most. A subflow
 * that is closed with data on it leaves a hole, which the sender fills behind all that its other subflows hold. @generic and @family are
 * as in common/mptcp.h, in the proxy's namespace. Failures only cost that gain.
 */
void neo_proxy_drain(NeoNetlink *generic, guint16 family, const NeoProxyPlan *plan, const GArray *endpoints);
