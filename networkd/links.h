/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/** Deletes the macvlans of these names (char *); networkd leaves an interface when its .netdev file goes. Names of other links or of none are passed over. */
gboolean neo_links_delete(const GPtrArray *names, GError **error);
