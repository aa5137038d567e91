/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "xtables-ext/relay-flows.h"

/**
 * Sends a TCP segment without data and with a sequence number that fits nothing, from the relay's end of @tuple to the other. A TCP that has the
 * connection answers it with its own numbers (RFC 9293, section 3.10.7.4), also when it has nothing to send, and so
 * a rule that rejects sees a packet that it can answer. It is not tracked (NEO_RELAY_DRAIN_MARK). Best effort.
 */
void neo_relay_nudge(const NeoRelayTuple *tuple);
