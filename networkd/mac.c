/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "networkd/mac.h"

#include <string.h>

#include "common/error.h"

#define MAC_SIZE 6

gboolean neo_mac_is_valid(const char *text)
{
  if (strlen(text) != MAC_SIZE * 3 - 1)
    return FALSE;
  for (guint i = 0; text[i]; i++)
    if (i % 3 == 2 ? text[i] != ':' : !g_ascii_isxdigit(text[i]))
      return FALSE;
  /* The lowest bit of the first byte is set in group addresses (IEEE 802). */
  return g_ascii_xdigit_value(text[1]) % 2 == 0;
}

/* The second bit of the first byte says that the address was not given by a maker of hardware. */
static char *local_address(const guint8 bytes[static MAC_SIZE])
{
  return g_strdup_printf("%02x:%02x:%02x:%02x:%02x:%02x", (bytes[0] & 0xfc) | 0x02, bytes[1], bytes[2], bytes[3], bytes[4], bytes[5]);
}

char *neo_mac_stable(const char *machine_id, const char *name)
{
  g_autoptr(GHmac) hmac = g_hmac_new(G_CHECKSUM_SHA256, (const guint8 *)machine_id, strlen(machine_id));
  guint8 digest[32];
  gsize size = sizeof digest;

  g_hmac_update(hmac, (const guint8 *)"neo-network-generator:", -1);
  g_hmac_update(hmac, (const guint8 *)name, -1);
  g_hmac_get_digest(hmac, digest, &size);
  return local_address(digest);
}

char *neo_mac_random(void)
{
  guint32 numbers[2] = { g_random_int(), g_random_int() };
  guint8 bytes[MAC_SIZE];

  memcpy(bytes, numbers, MAC_SIZE);
  return local_address(bytes);
}

GPtrArray *neo_mac_read_file(const char *path, guint count, GError **error)
{
  g_autoptr(GPtrArray) macs = g_ptr_array_new_with_free_func(g_free);
  g_autofree char *text = NULL;

  if (!g_file_get_contents(path, &text, NULL, NULL)) {
    g_set_error(error, NEO_ERROR, NEO_ERROR_CONFIG, "cannot read");
    return NULL;
  }
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
  for (guint i = 0; lines[i] && macs->len < count; i++) {
    const char *line = g_strstrip(lines[i]);
    if (!*line || *line == '#')
      continue;
    if (!neo_mac_is_valid(line)) {
      g_set_error(error, NEO_ERROR, NEO_ERROR_CONFIG, "no usable address in line %u of", i + 1);
      return NULL;
    }
    g_ptr_array_add(macs, g_ascii_strdown(line, -1));
  }
  if (macs->len == count)
    return g_steal_pointer(&macs);
  g_set_error(error, NEO_ERROR, NEO_ERROR_CONFIG, "only %u addresses in", macs->len);
  return NULL;
}
