/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/address.h"

#include <arpa/inet.h>
#include <string.h>

gboolean neo_address_parse(const char *text, NeoAddress *ret_address)
{
  NeoAddress address = { 0 };
  gsize length = strlen(text);
  g_autofree char *bare = text[0] == '[' && length > 2 && text[length - 1] == ']' ? g_strndup(text + 1, length - 2) : NULL;

  if (!bare && inet_pton(AF_INET, text, &address.in) == 1)
    address.family = AF_INET;
  else if (inet_pton(AF_INET6, bare ? bare : text, &address.in6) == 1)
    address.family = AF_INET6;
  else
    return FALSE;
  *ret_address = address;
  return TRUE;
}

static gboolean host_bits_are_zero(const NeoPrefix *prefix)
{
  for (guint bit = prefix->length; bit < neo_address_size(&prefix->address) * 8; bit++)
    if (prefix->address.bytes[bit / 8] & (0x80 >> (bit % 8)))
      return FALSE;
  return TRUE;
}

gboolean neo_prefix_parse(const char *text, NeoPrefix *ret_prefix)
{
  NeoPrefix prefix = { 0 };
  const char *slash = strchr(text, '/');
  guint64 length;

  if (!slash || !g_ascii_string_to_unsigned(slash + 1, 10, 0, 128, &length, NULL))
    return FALSE;
  g_autofree char *address = g_strndup(text, slash - text);
  if (!neo_address_parse(address, &prefix.address) || length > neo_address_size(&prefix.address) * 8)
    return FALSE;
  prefix.length = length;
  if (!host_bits_are_zero(&prefix))
    return FALSE;
  *ret_prefix = prefix;
  return TRUE;
}

char *neo_address_to_string(const NeoAddress *address)
{
  char text[INET6_ADDRSTRLEN];

  if (!inet_ntop(address->family, address->bytes, text, sizeof text))
    return g_strdup("none");
  return g_strdup(text);
}

gboolean neo_address_equal(const NeoAddress *a, const NeoAddress *b)
{
  return a->family == b->family && memcmp(a->bytes, b->bytes, neo_address_size(a)) == 0;
}

gsize neo_address_size(const NeoAddress *address)
{
  return address->family == AF_INET ? sizeof(struct in_addr) : sizeof(struct in6_addr);
}

gboolean neo_address_from_bytes(sa_family_t family, const void *bytes, gsize size, NeoAddress *ret_address)
{
  NeoAddress address = { .family = family };

  if ((family != AF_INET && family != AF_INET6) || size != neo_address_size(&address))
    return FALSE;
  memcpy(address.bytes, bytes, size);
  *ret_address = address;
  return TRUE;
}

gboolean neo_address_unmap(const void *bytes, gsize size, NeoAddress *ret_address)
{
  if (size == sizeof(struct in6_addr)) {
    struct in6_addr in6;
    memcpy(&in6, bytes, sizeof in6);
    if (IN6_IS_ADDR_V4MAPPED(&in6))
      return neo_address_from_bytes(AF_INET, (const guint8 *)bytes + 12, 4, ret_address);
  }
  return neo_address_from_bytes(size == 4 ? AF_INET : AF_INET6, bytes, size, ret_address);
}

static void from_in6(const struct sockaddr_in6 *in6, NeoAddress *ret_address)
{
  if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
    neo_address_from_bytes(AF_INET, in6->sin6_addr.s6_addr + 12, 4, ret_address);
  else
    neo_address_from_bytes(AF_INET6, &in6->sin6_addr, 16, ret_address);
}

gboolean neo_address_from_sockaddr(const struct sockaddr *sa, NeoAddress *ret_address, guint16 *ret_port)
{
  if (sa->sa_family == AF_INET) {
    const struct sockaddr_in *in = (const struct sockaddr_in *)sa;
    neo_address_from_bytes(AF_INET, &in->sin_addr, sizeof in->sin_addr, ret_address);
    *ret_port = ntohs(in->sin_port);
    return TRUE;
  }
  if (sa->sa_family == AF_INET6) {
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)sa;
    from_in6(in6, ret_address);
    *ret_port = ntohs(in6->sin6_port);
    return TRUE;
  }
  return FALSE;
}

socklen_t neo_address_to_sockaddr(const NeoAddress *address, guint16 port, struct sockaddr_storage *ret_sa)
{
  memset(ret_sa, 0, sizeof *ret_sa);
  if (address->family == AF_INET) {
    struct sockaddr_in *in = (struct sockaddr_in *)ret_sa;
    *in = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = address->in };
    return sizeof *in;
  }
  struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ret_sa;
  *in6 = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = address->in6 };
  return sizeof *in6;
}

gboolean neo_address_is_loopback(const NeoAddress *address)
{
  return address->family == AF_INET ? address->bytes[0] == 127 : IN6_IS_ADDR_LOOPBACK(&address->in6);
}

gboolean neo_address_is_multicast(const NeoAddress *address)
{
  return address->family == AF_INET ? (address->bytes[0] & 0xf0) == 0xe0 : address->bytes[0] == 0xff;
}

gboolean neo_address_is_unspecified(const NeoAddress *address)
{
  static const guint8 zero[16];

  return memcmp(address->bytes, zero, neo_address_size(address)) == 0;
}

gboolean neo_address_is_link_local(const NeoAddress *address)
{
  return address->family == AF_INET ? address->bytes[0] == 169 && address->bytes[1] == 254
                                    : IN6_IS_ADDR_LINKLOCAL(&address->in6);
}

gboolean neo_prefix_contains(const NeoPrefix *prefix, const NeoAddress *address)
{
  guint whole = prefix->length / 8, rest = prefix->length % 8;

  if (prefix->address.family != address->family || memcmp(prefix->address.bytes, address->bytes, whole) != 0)
    return FALSE;
  if (rest == 0)
    return TRUE;
  guint8 mask = 0xff << (8 - rest);
  return ((prefix->address.bytes[whole] ^ address->bytes[whole]) & mask) == 0;
}

NeoAddress neo_prefix_nth(const NeoPrefix *prefix, guint32 n)
{
  NeoAddress address = prefix->address;
  guint32 low;
  guint8 *end = address.bytes + neo_address_size(&address) - sizeof low;

  memcpy(&low, end, sizeof low);
  low = htonl(ntohl(low) + n);
  memcpy(end, &low, sizeof low);
  return address;
}
