/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>
#include <sys/socket.h>

/**
 * Deletes @table of iptables-nft for @family if it is empty, as iptables itself has no command for it. Best effort: a table that
 * anybody uses stays (NLM_F_NONREC, linux/netlink.h).
 */
void neo_nft_table_delete_empty(sa_family_t family, const char *table);
