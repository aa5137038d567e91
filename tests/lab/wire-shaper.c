/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/lab/wire-shaper.h"

/* xorshift64*, Vigna, "An experimental exploration of Marsaglia's xorshift generators, scrambled". */
static uint64_t random_next(Shaper *shaper)
{
  shaper->random ^= shaper->random >> 12;
  shaper->random ^= shaper->random << 25;
  shaper->random ^= shaper->random >> 27;
  return shaper->random * 0x2545F4914F6CDD1DULL;
}

static uint64_t random_below(Shaper *shaper, uint64_t limit)
{
  return (random_next(shaper) >> 11) % limit;
}

/* From 0 to twice the jitter. A value for each frame would, as nothing is reordered, make a stream of frames wait for
 * the worst of them: a constant delay. So one value holds for a while. */
static uint64_t jitter_at(Shaper *shaper, uint64_t jitter_ns, uint64_t now_ns)
{
  if (now_ns >= shaper->jitter_until_ns) {
    shaper->jitter_part = random_below(shaper, 1ULL << 32);
    shaper->jitter_until_ns = now_ns + SHAPER_JITTER_HOLD_NS;
  }
  return (uint64_t)((double)shaper->jitter_part * 2 * (double)jitter_ns / 4294967296.0);
}

ShaperVerdict shaper_accept(Shaper *shaper, const Settings *settings, uint64_t bits, uint64_t now_ns,
                            uint64_t *ret_due_ns)
{
  uint64_t rate = settings->rate_bps, jitter = settings->jitter_ns, loss = settings->loss_ppb, sent = now_ns, due;

  if (settings->cut || (loss && random_below(shaper, NSEC_PER_SEC) < loss))
    return SHAPER_LOST;
  if (rate) {
    uint64_t start = shaper->free_ns > now_ns ? shaper->free_ns : now_ns;

    if (start - now_ns > settings->queue_ns)
      return SHAPER_FULL;
    shaper->free_ns = sent = start + bits * NSEC_PER_SEC / rate;
  }
  due = sent + settings->delay_ns + jitter_at(shaper, jitter, now_ns);
  due = due > sent + jitter ? due - jitter : sent;
  if (due < shaper->last_due_ns)
    due = shaper->last_due_ns;
  shaper->last_due_ns = *ret_due_ns = due;
  return SHAPER_PASSES;
}
