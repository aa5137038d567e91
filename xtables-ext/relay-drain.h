/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/** How long a relay is drained where its file does not say, in milliseconds. */
#define NEO_RELAY_DRAIN_TIME 2000

/**
 * Takes the relays @names out of use so that their clients lose no time: nothing new begins, the ends of what stands are sent
 * resets until all of it is closed or the time (DrainTime=) is over, connection tracking forgets what is left, and then everything is
 * removed, as neo_relay_unload() does. Relays that are not loaded are no error.
 */
gboolean neo_relay_drain(const char *const *names, gsize n, GError **error);
