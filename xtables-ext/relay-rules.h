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

/**
 * The places where relays act, in the order in which they are put in: nothing is mapped before it may pass. What comes later of one built-in chain
 * stands before the others in it.
 */
typedef enum {
  NEO_RELAY_CHAIN_SYN,
  NEO_RELAY_CHAIN_END, /**< only while a relay is drained */
  NEO_RELAY_CHAIN_MSS,
  NEO_RELAY_CHAIN_GUARD,
  NEO_RELAY_CHAIN_FORWARD,
  NEO_RELAY_CHAIN_STANDING,
  NEO_RELAY_CHAIN_RESET, /**< only while a relay is drained */
  NEO_RELAY_CHAIN_OUT,
  NEO_RELAY_CHAIN_IN,
  NEO_RELAY_N_CHAINS
} NeoRelayChain;

/** Where each place's chain that all relays share is called from, and with which match. */
extern const NeoIptablesBase neo_relay_bases[NEO_RELAY_N_CHAINS];

/** The name of the chain of @chain that all relays share. Static. */
const char *neo_relay_shared_chain(NeoRelayChain chain);

/**
 * The name of the chain of @chain that the relay @name has for itself: at most 28 characters, as the kernel wants (a long name is cut and hashed).
 * The caller owns it. NULL where relays have none, and what they want of the shared chain is the same for all that want it.
 */
char *neo_relay_chain_name(NeoRelayChain chain, const char *name);

/**
 * The rules of a relay in the RELAY syntax, those that call its own chains among them, without how all is put in. Equal texts are equal relays.
 * The caller owns it.
 */
char *neo_relay_rules(const NeoRelayConfig *config, const NeoRelaySide *side);
