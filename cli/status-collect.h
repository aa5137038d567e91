/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "cli/status-gateway.h"

/** Looks at this host again and again, with the same sockets. */
typedef struct NeoCollector NeoCollector;

/** Reads paths.conf and opens the sockets of the network namespace. */
NeoCollector *neo_collector_new(GError **error);
void neo_collector_free(NeoCollector *collector);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NeoCollector, neo_collector_free)

/** Notes what connections have moved so far, so that the next neo_collector_take() can tell rates. */
void neo_collector_prime(NeoCollector *collector);

/**
 * The next look is the only one: nothing is noted for a later one, and subflows are listed of @detailed connections only, those that have moved most
 * (where the kernel counts that for connections; else of all).
 */
void neo_collector_once(NeoCollector *collector, guint detailed);

/** What the host is and does now; rates are those since the last look. NULL if the kernel could not be read. The caller owns it. */
NeoStatus *neo_collector_take(NeoCollector *collector, GError **error);
