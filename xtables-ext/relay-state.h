/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

#include "common/iptables.h"

/** Has a file for each relay that is loaded, with its name: what was loaded last. */
#define NEO_RELAY_STATE_DIR "/run/neo/relay"

/** Waits until nobody else changes relays. Nobody does for as long as the descriptor is open, which is -1 on error. */
int neo_relay_state_lock(GError **error);

/** The file of the relay @name. The caller owns it. */
char *neo_relay_state_path(const char *name);

/** The rules of one family in the text of such a file: from the family's header to the next comment. The caller owns them. */
char *neo_relay_state_rules(const char *state, NeoIptables family);

/** Whether such a text is of a version whose relays share chains. What an earlier one loaded stands by itself. */
gboolean neo_relay_state_shares(const char *state);
