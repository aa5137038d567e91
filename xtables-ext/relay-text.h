/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/** What iptables-save(8) printed: the chains and rules that stand in the kernel. */
typedef struct NeoRelaySaved NeoRelaySaved;

NeoRelaySaved *neo_relay_saved_parse(const char *text);
void neo_relay_saved_free(NeoRelaySaved *saved);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NeoRelaySaved, neo_relay_saved_free)

/** Whether all chains of @rules (neo_relay_rules()) stand in @saved with as many rules. */
gboolean neo_relay_rules_stand(const char *rules, const char *name, const NeoRelaySaved *saved);

/** A text for iptables-restore --noflush that grows by one relay at a time and is one transaction for each table. */
typedef struct NeoRelayText NeoRelayText;

NeoRelayText *neo_relay_text_new(void);
void neo_relay_text_free(NeoRelayText *text);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NeoRelayText, neo_relay_text_free)

/**
 * Adds what brings the relay @name from @saved to @rules (NULL: to nothing). With @keep the chains stay as they are and only the
 * jumps to them are put first again.
 */
void neo_relay_text_add(NeoRelayText *text, const char *name, const char *rules, gboolean keep, const NeoRelaySaved *saved);

/**
 * Adds the removal of the built-in chains that relays use, where nf_tables keeps them (there they take part in each packet's
 * way) and they are empty and accept, as they are when there were none before.
 */
void neo_relay_text_tidy(NeoRelayText *text, const NeoRelaySaved *saved);

/** The whole text, or NULL if there is nothing to do. The caller owns it. */
char *neo_relay_text_finish(const NeoRelayText *text);
