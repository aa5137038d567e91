/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/** What iptables-save(8) printed: the chains and rules that stand in the kernel. */
typedef struct NeoIptablesSaved NeoIptablesSaved;

/** A built-in chain that Neo calls its own chains from. In an array, chains of one table follow each other. */
typedef struct {
  const char *table, *chain;
  const char *match; /**< of the rule that calls them, as iptables-save(8) writes it; NULL: any packet */
} NeoIptablesBase;

/** The rule by which @base calls @chain, as iptables-save(8) writes it behind -A. The caller owns it. */
char *neo_iptables_jump(const NeoIptablesBase *base, const char *chain);

NeoIptablesSaved *neo_iptables_saved_parse(const char *text);
void neo_iptables_saved_free(NeoIptablesSaved *saved);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NeoIptablesSaved, neo_iptables_saved_free)

/** Whether the chain is there. These take @saved == NULL for a host without rules. */
gboolean neo_iptables_saved_has_chain(const NeoIptablesSaved *saved, const char *table, const char *chain);

/** How many rules @chain has. */
guint neo_iptables_saved_rules(const NeoIptablesSaved *saved, const char *table, const char *chain);

/** How often @base calls @chain, whose name begins with "neo-", with the match of @base and no other. */
guint neo_iptables_saved_jumps(const NeoIptablesSaved *saved, const NeoIptablesBase *base, const char *chain);

/**
 * The rules of @chain, whose name begins with "neo-", as iptables-save(8) writes them behind -A: an array of char * that @saved owns. NULL: none.
 */
const GPtrArray *neo_iptables_saved_chain(const NeoIptablesSaved *saved, const char *table, const char *chain);

/** The same for the rules that call @chain, whose name begins with "neo-", from wherever. */
const GPtrArray *neo_iptables_saved_calls(const NeoIptablesSaved *saved, const char *table, const char *chain);

/**
 * Whether @base is empty and accepts, as it is when there was none before, where nf_tables keeps it (there it takes part in each packet's way).
 * iptables-save lists a built-in chain also when it is not there.
 */
gboolean neo_iptables_saved_is_left_over(const NeoIptablesSaved *saved, const NeoIptablesBase *base);
