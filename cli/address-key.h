/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "common/address.h"

/** GHashFunc and GEqualFunc for keys that are NeoAddress *. */
guint neo_address_hash(gconstpointer key);
gboolean neo_address_hash_equal(gconstpointer a, gconstpointer b);

/** Whether @addresses (NeoAddress) has @address. */
gboolean neo_address_is_in(const GArray *addresses, const NeoAddress *address);
