/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "xtables-ext/relay-segment.h"

/* An input is the beginning of a packet that passes by. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  /* Memory of just its size, as the sanitizers need it. */
  g_autofree guint8 *packet = g_memdup2(data, size);
  NeoRelaySegment segment;

  if (!neo_relay_segment_parse(packet, size, &segment))
    return 0;
  g_assert_cmpuint(segment.tuple.from.family, ==, segment.tuple.to.family);
  g_assert_true(segment.tuple.from.family == AF_INET || segment.tuple.from.family == AF_INET6);
  g_assert_cmpuint(segment.payload, <=, G_MAXUINT16 + 40);
  return 0;
}
