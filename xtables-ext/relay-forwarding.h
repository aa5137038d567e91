/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

#include "xtables-ext/relay-rules.h"

/** A sysctl and the value it needs. */
typedef struct {
  char *key;
  const char *value; /**< static */
} NeoRelaySysctl;

/** What the forwarding of one family hangs on. Read by neo_relay_forwarding_read(), or made up by a test. */
typedef struct {
  gboolean router;            /**< the host forwarded on all interfaces before Neo, so others want that */
  gboolean per_interface;     /**< forwarding can be switched for one interface: IPv4; IPv6 from Linux 6.17 (force_forwarding) */
  GPtrArray *forwarding;      /**< names, owned: interfaces that forwarded before Neo */
  GPtrArray *advertised;      /**< names, owned: IPv6 interfaces with accept_ra=1, which stop to listen when all forward */
} NeoRelayForwarding;

NeoRelayForwarding *neo_relay_forwarding_new(void);
void neo_relay_forwarding_free(NeoRelayForwarding *forwarding);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NeoRelayForwarding, neo_relay_forwarding_free)

/** Reads the state from before Neo of the interfaces of @side; what Neo holds (neo_sysctl_hold()) is in @state_dir. */
NeoRelayForwarding *neo_relay_forwarding_read(const NeoRelaySide *side, const char *state_dir);

/** An empty array of NeoRelaySysctl that owns them. */
GPtrArray *neo_relay_sysctls_new(void);

/** Adds to @sysctls those that @side needs, in the order in which they have to be set. */
void neo_relay_forwarding_sysctls(const NeoRelaySide *side, const NeoRelayForwarding *forwarding, GPtrArray *sysctls);

/** Names in @side->guarded the interfaces that forward only because of relays. */
void neo_relay_forwarding_guard(NeoRelaySide *side, const NeoRelayForwarding *forwarding);
