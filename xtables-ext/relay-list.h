/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/**
 * The names of the relays that have a file NAME.conf in @directory, in the order of strcmp(), NULL-terminated. A name that cannot be a
 * relay's is a NEO_ERROR_CONFIG. The caller owns them.
 */
GStrv neo_relay_list_files(const char *directory, GError **error);

/** The names of the relays that are loaded (NEO_RELAY_STATE_DIR), likewise. Nothing that is loaded is no error. */
GStrv neo_relay_list_loaded(void);
