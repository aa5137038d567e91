/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>
#include <sys/socket.h>

/**
 * Deletes @chain of @table of iptables-nft for @family, or the table where @chain is NULL, if it is empty: iptables itself has no command for a
 * table, and fails for a built-in chain that is not there. Best effort: what anybody uses stays (NLM_F_NONREC, linux/netlink.h).
 */
void neo_nft_delete_empty(sa_family_t family, const char *table, const char *chain);
