/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/** A relay to be loaded: its name and the file that describes it. */
typedef struct {
  const char *name;
  const char *path;
} NeoRelayFile;

/**
 * Loads the relays of @files, or loads them again: everything is read, resolved and checked first, then one transaction
 * for each address family puts all of them in. Relays whose rules stand unchanged keep them. What fails
 * is undone for those that did not run before.
 */
gboolean neo_relay_load(const NeoRelayFile *files, gsize n, GError **error);

/** Puts the rules of all relays that are loaded back as they were loaded, where something is missing. No file is read, and no name looked up. */
gboolean neo_relay_repair(GError **error);

/** Takes away exactly what neo_relay_load() made of the relays @names, whether or not it got to its end. */
gboolean neo_relay_unload(const char *const *names, gsize n, GError **error);

/**
 * Loads what drains those of the relays @names that are loaded (neo_relay_drain_rules(), @reset). Returns where they took connections, an array of
 * NeoRelayDoor that the caller owns; *@ret_drain_time is the longest DrainTime= of them, in milliseconds. neo_relay_unload() is to follow.
 */
GArray *neo_relay_close(const char *const *names, gsize n, gboolean reset, guint *ret_drain_time, GError **error);

/** What neo_relay_load() would hand to iptables-restore and ip6tables-restore on a host without rules, and the sysctls. The caller owns it. */
char *neo_relay_dump(const NeoRelayFile *files, gsize n, GError **error);
