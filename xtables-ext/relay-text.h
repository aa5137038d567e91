/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

#include "common/iptables-saved.h"

/** Whether all chains of @rules (neo_relay_rules()) stand in @saved with as many rules. */
gboolean neo_relay_rules_stand(const char *rules, const char *name, const NeoIptablesSaved *saved);

/** A text for iptables-restore --noflush that grows by one relay at a time and is one transaction for each table. */
typedef struct NeoRelayText NeoRelayText;

NeoRelayText *neo_relay_text_new(void);
void neo_relay_text_free(NeoRelayText *text);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NeoRelayText, neo_relay_text_free)

/**
 * Adds what brings the relay @name from @saved to @rules (NULL: to nothing). With @keep the chains stay as they are and only the
 * jumps to them are put first again.
 */
void neo_relay_text_add(NeoRelayText *text, const char *name, const char *rules, gboolean keep, const NeoIptablesSaved *saved);

/** The whole text, or NULL if there is nothing to do. The caller owns it. */
char *neo_relay_text_finish(const NeoRelayText *text);
