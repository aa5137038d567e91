/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/address-key.h"

guint neo_address_hash(gconstpointer key)
{
  const NeoAddress *address = key;
  guint hash = address->family;

  for (gsize i = 0; i < neo_address_size(address); i++)
    hash = hash * 31 + address->bytes[i];
  return hash;
}

gboolean neo_address_hash_equal(gconstpointer a, gconstpointer b)
{
  return neo_address_equal(a, b);
}

gboolean neo_address_is_in(const GArray *addresses, const NeoAddress *address)
{
  for (guint i = 0; i < addresses->len; i++)
    if (neo_address_equal(&g_array_index(addresses, NeoAddress, i), address))
      return TRUE;
  return FALSE;
}
