/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/** Reads the sysctl @key, written as its path below /proc/sys ("net/ipv4/conf/ens3/arp_ignore"). The caller owns the text. */
char *neo_sysctl_read(const char *key, GError **error);

/** Writes @value to the sysctl @key; does not touch it if it has that value already. */
gboolean neo_sysctl_write(const char *key, const char *value, GError **error);

/**
 * Sets @key to @value for as long as @holder holds it. Several holders may hold one key (two relays need forwarding
 * on the same interface): the value from before the first is kept in @state_dir and comes back when the last lets go.
 * Calling it again for the same holder changes nothing.
 */
gboolean neo_sysctl_hold(const char *state_dir, const char *key, const char *value, const char *holder, GError **error);

/** The value that @key had before its first holder; the present one, below @root, if nobody holds it. The caller owns the text. */
char *neo_sysctl_before(const char *root, const char *state_dir, const char *key, GError **error);

/**
 * Lets go of all keys that @holder holds. A value that somebody else changed meanwhile, or whose interface is
 * gone, is left alone. Goes on after a failure and returns the first.
 */
gboolean neo_sysctl_release(const char *state_dir, const char *holder, GError **error);
