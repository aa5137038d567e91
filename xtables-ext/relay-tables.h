/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>
#include <sys/socket.h>

/**
 * Deletes those tables of iptables-nft for @family that are empty, of the ones that relays use, as iptables itself has no
 * command for it. Best effort: a table that anybody uses stays (NLM_F_NONREC, linux/netlink.h).
 */
void neo_relay_tables_delete_empty(sa_family_t family);
