/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>
#include <sys/socket.h>

#include "common/iptables-saved.h"

/*
 * The programs iptables-save(8), iptables-restore(8) and those for IPv6, found by PATH, each of which waits up to 30 s for whoever
 * else changes rules. A text has a transaction for each table.
 */

/** A set of programs and of rules: one for each address family. */
typedef enum { NEO_IPTABLES_4, NEO_IPTABLES_6, NEO_IPTABLES_N } NeoIptables;

NeoIptables neo_iptables_of(sa_family_t family);
sa_family_t neo_iptables_family(NeoIptables which);

/** "iptables-restore" or "ip6tables-restore". */
const char *neo_iptables_restore_name(NeoIptables which);

/** The chains and rules of all tables. The caller owns them. */
NeoIptablesSaved *neo_iptables_save(NeoIptables which, GError **error);

/** Loads @texts (NULL: nothing for that family), beside the rules that are there. All are tried before any is loaded. */
gboolean neo_iptables_load(char *const texts[static NEO_IPTABLES_N], GError **error);

/** The same, in the place of all rules of the tables that @texts name. */
gboolean neo_iptables_replace(char *const texts[static NEO_IPTABLES_N], GError **error);

/**
 * Loads @texts, which take rules away, and then removes of @bases and their tables what iptables-nft left behind empty. The
 * latter is apart from what must succeed: somebody may add to these chains at the same time, and then they stay.
 */
gboolean neo_iptables_unload(char *const texts[static NEO_IPTABLES_N], const NeoIptablesBase *bases, gsize n,
                             GError **error);
