/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "xtables-ext/relay-flows.h"

/**
 * Sends a TCP segment without data and with a sequence number that fits nothing, from the relay's end of @tuple to the other. A TCP that has the
 * connection answers it with its own numbers (RFC 9293, section 3.10.7.4), also when it has nothing to send, and so
 * a rule that rejects sees a packet that it can answer. It is not tracked (NEO_RELAY_DRAIN_MARK). Best effort.
 */
void neo_relay_nudge(const NeoRelayTuple *tuple);

/**
 * Sends a TCP segment without data from the relay's end of @tuple to the other, that asks it to treat the subflow as a backup: MP_PRIO with the bit B
 * (RFC 8684, section 3.3.8). @number, @acknowledged and @window are those of the end that is behind the relay, in host byte order. Likewise.
 */
void neo_relay_send_prio(const NeoRelayTuple *tuple, guint32 number, guint32 acknowledged, guint16 window);
