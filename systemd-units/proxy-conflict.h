/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/** The name of the generator's drop-ins: of several that change a setting the last in the order of names counts. */
#define NEO_PROXY_DROPIN "50-neo.conf"

/** Where systemd looks for units (systemd.unit(5)), ended by NULL. */
extern const char *const neo_proxy_unit_dirs[];

/**
 * What in the unit files and drop-ins of @service, below @unit_dirs (ended by NULL, the first counts most), keeps it from working in
 * the namespace of a proxy: one line for each setting, with the file that holds it. NULL if there is none; else owned by the caller.
 */
char *neo_proxy_conflicts(const char *const *unit_dirs, const char *service);
