/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "systemd-units/proxy-check.h"

/* How often a join that is under way is looked at. */
#define LOOK (20 * G_TIME_SPAN_MILLISECOND)

static NeoCheckStep step(NeoProxyCheck *check, const NeoProbeJoin *join, gint64 now)
{
  if (!check->joining) {
    if (check->asked_at && now < check->asked_at + NEO_CHECK_PERIOD)
      return NEO_CHECK_WAIT;
    check->joining = TRUE;
    check->asked_at = now;
    return NEO_CHECK_JOIN;
  }
  if (join->accepted) {
    check->good_at = now;
    check->well = TRUE;
  }
  /* One that is not known any more was refused. */
  check->joining = join->known && !join->accepted && now < check->asked_at + NEO_CHECK_PATIENCE;
  return join->known && !check->joining ? NEO_CHECK_CLOSE : NEO_CHECK_WAIT;
}

NeoCheckStep neo_proxy_check_turn(NeoProxyCheck *check, const NeoProbeJoin *join, gint64 now)
{
  NeoCheckStep next = step(check, join, now);

  if (now >= check->good_at + NEO_CHECK_LIMIT)
    check->well = FALSE;
  return next;
}

void neo_proxy_check_begin(NeoProxyCheck *check, gboolean after_gap, gint64 now)
{
  check->joining = FALSE;
  check->asked_at = 0;
  if (after_gap)
    check->good_at = MAX(check->good_at, now - NEO_CHECK_LIMIT + NEO_CHECK_PATIENCE);
}

gint64 neo_proxy_check_next(const NeoProxyCheck *check, gint64 now)
{
  gint64 next = check->joining ? now + LOOK : check->asked_at + NEO_CHECK_PERIOD;

  return check->well ? MIN(next, check->good_at + NEO_CHECK_LIMIT) : next;
}
