/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "paths/kinds.h"

typedef struct {
  NeoPrefix prefix;
  const char *what;
} Kind;

static const Kind nowhere[] = {
  { { { AF_INET, .bytes = { 0 } }, 8 }, "no host's (0.0.0.0/8)" },
  { { { AF_INET, .bytes = { 127 } }, 8 }, "loopback" },
  { { { AF_INET, .bytes = { 169, 254 } }, 16 }, "link-local" },
  { { { AF_INET, .bytes = { 224 } }, 4 }, "multicast" },
  { { { AF_INET, .bytes = { 240 } }, 4 }, "reserved or broadcast" },
  { { { AF_INET6, .bytes = { [15] = 1 } }, 128 }, "loopback" },
  { { { AF_INET6, .bytes = { 0 } }, 96 }, "no host's (::/96)" },
  { { { AF_INET6, .bytes = { 0xfe, 0x80 } }, 10 }, "link-local" },
  { { { AF_INET6, .bytes = { 0xff } }, 8 }, "multicast" },
};

static const Kind private[] = {
  { { { AF_INET, .bytes = { 10 } }, 8 }, "private" },
  { { { AF_INET, .bytes = { 100, 64 } }, 10 }, "private (100.64.0.0/10)" },
  { { { AF_INET, .bytes = { 172, 16 } }, 12 }, "private" },
  { { { AF_INET, .bytes = { 192, 168 } }, 16 }, "private" },
  { { { AF_INET6, .bytes = { 0xfc } }, 7 }, "private" },
  { { { AF_INET6, .bytes = { 0xfe, 0xc0 } }, 10 }, "private" },
};

static const char *find_kind(const Kind *kinds, guint n, const NeoAddress *address)
{
  for (guint i = 0; i < n; i++)
    if (neo_prefix_contains(&kinds[i].prefix, address))
      return kinds[i].what;
  return NULL;
}

const char *neo_address_nowhere(const NeoAddress *address)
{
  return find_kind(nowhere, G_N_ELEMENTS(nowhere), address);
}

const char *neo_address_private(const NeoAddress *address)
{
  return find_kind(private, G_N_ELEMENTS(private), address);
}
