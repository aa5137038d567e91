/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

#include "common/iptables-saved.h"
#include "xtables-ext/relay-config.h"

/** One relay in one address family, with all that its file left open found out. */
typedef struct {
  sa_family_t family;
  NeoAddress proxy;
  NeoAddress from;        /**< family AF_UNSPEC: the outgoing interface's address */
  GArray *listen;         /**< NeoAddress, at least one */
  GPtrArray *interfaces;  /**< names, owned: where clients and the proxy are */
  GPtrArray *guarded;     /**< names, owned: interfaces that forward only for relays; "+" is all */
} NeoRelaySide;

NeoRelaySide *neo_relay_side_new(sa_family_t family);
void neo_relay_side_free(NeoRelaySide *side);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NeoRelaySide, neo_relay_side_free)

/** Names in @side->guarded what would forward only because of relays; @root and @state_dir as for neo_forwarding_guard(). */
void neo_relay_side_guard(NeoRelaySide *side, const char *root, const char *state_dir);

/** The chains of a relay, in the order in which they are put in: nothing is mapped before it may pass. */
typedef enum {
  NEO_RELAY_CHAIN_SYN,
  NEO_RELAY_CHAIN_MSS,
  NEO_RELAY_CHAIN_FORWARD,
  NEO_RELAY_CHAIN_IN,
  NEO_RELAY_CHAIN_OUT,
  NEO_RELAY_CHAIN_END, /**< only while the relay is drained */
  NEO_RELAY_N_CHAINS
} NeoRelayChain;

/** Where each chain is called from. */
extern const NeoIptablesBase neo_relay_bases[NEO_RELAY_N_CHAINS];

/** The name of @chain for the relay @name: at most 28 characters, as the kernel wants (a long name is cut and hashed). The caller owns it. */
char *neo_relay_chain_name(NeoRelayChain chain, const char *name);

/** The rules of a relay in the RELAY syntax, a chain each, without how they are put in. Equal texts are equal relays. The caller owns it. */
char *neo_relay_rules(const NeoRelayConfig *config, const NeoRelaySide *side);
