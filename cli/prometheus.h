/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "cli/status-model.h"

/**
 * @status as metrics for Prometheus; the names are those of neo-status(8). @netstat is the text of /proc/net/netstat, or NULL where it
 * could not be read. The number of series depends on paths, relays, proxies and racers, never on connections. The caller owns it.
 */
char *neo_status_to_prometheus(const NeoStatus *status, const char *netstat);

/** Counters of the kernel's MPTCP: name (owned) to guint64 (owned). What is not "MPTcpExt:" in @netstat, or broken, is passed over. Pure. */
GHashTable *neo_netstat_parse(const char *netstat);
