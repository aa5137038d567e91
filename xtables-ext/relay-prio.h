/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/**
 * Asks both ends of each of @flows (NeoRelayFlow) to treat it as a backup (MP_PRIO, RFC 8684, section 3.3.8), so that they send new data over
 * their other subflows, and waits until what was on its way has passed, or until @end (microseconds, g_get_monotonic_time()). The option
 * goes with a copy of the acknowledgement that the other end sent last, which is seen passing by; a flow on which nothing passes for a second has
 * nothing on its way. Best effort: plain TCP ignores the option, and a connection without another subflow goes on.
 *
 * Returns the tuples (NeoRelayTuple) of the directions in which data went and then no more. The caller owns it.
 */
GHashTable *neo_relay_prio(const GArray *flows, gint64 end);
