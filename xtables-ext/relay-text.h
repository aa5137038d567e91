/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

#include "common/iptables-saved.h"

/** Whether all chains that the relay @name has for itself stand in @saved with as many rules as in @rules (neo_relay_rules()), called as often. */
gboolean neo_relay_rules_stand(const char *rules, const char *name, const NeoIptablesSaved *saved);

/** A text for iptables-restore --noflush that grows by one relay at a time and is one transaction for each table. */
typedef struct NeoRelayText NeoRelayText;

/** A text that starts from @saved, which must outlive it; NULL: from a host without rules. */
NeoRelayText *neo_relay_text_new(const NeoIptablesSaved *saved);
void neo_relay_text_free(NeoRelayText *text);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NeoRelayText, neo_relay_text_free)

/**
 * Adds what brings the relay @name to @rules (NULL: to nothing), from wherever an earlier version had it. With @keep its own chains stay as they are.
 */
void neo_relay_text_add(NeoRelayText *text, const char *name, const char *rules, gboolean keep);

/** Says that a relay with @rules stays, so that the rules which it has in common with others do. */
void neo_relay_text_share(NeoRelayText *text, const char *rules);

/**
 * The whole text, or NULL if there is nothing to do: what is the same for all relays is brought to what is wanted, the chains that relays share
 * are put first again, and those without rules go. Once only. The caller owns it.
 */
char *neo_relay_text_finish(NeoRelayText *text);
