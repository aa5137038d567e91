/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/** The units of systemd that match some patterns, as they are now. */
typedef struct NeoUnits NeoUnits;

/** Asks systemd over D-Bus (org.freedesktop.systemd1(5)). NULL if it does not run or answer in a second. @patterns end with NULL. */
NeoUnits *neo_units_list(const char *const *patterns, GError **error);
void neo_units_free(NeoUnits *units);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NeoUnits, neo_units_free)

/** "active", "failed", "inactive" and so on; "inactive" for a unit that systemd has not loaded. The caller owns it. */
char *neo_units_state(const NeoUnits *units, const char *name);

/** What the service says of itself (sd_notify(3), STATUS=), or NULL. The caller owns it. */
char *neo_units_status_text(const NeoUnits *units, const char *name);

/** Adds to @names (char * to itself, owned) the instances of units called PREFIX@INSTANCE.SUFFIX. */
void neo_units_instances(const NeoUnits *units, const char *prefix, GHashTable *names);
