/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "systemd-units/proxy-check.h"

static void join_is(NeoProxyCheck *check, gint64 at, gboolean known, gboolean accepted, NeoCheckStep step, gboolean well)
{
  NeoProbeJoin join = { .known = known, .accepted = accepted };

  g_assert_cmpint(neo_proxy_check_turn(check, &join, at * 1000), ==, step);
  g_assert_cmpint(check->well, ==, well);
}

/* Times in milliseconds. */
static void test_check(void)
{
  NeoProxyCheck check = { .good_at = 1000 };

  join_is(&check, 1, FALSE, FALSE, NEO_CHECK_JOIN, FALSE);
  join_is(&check, 20, TRUE, FALSE, NEO_CHECK_WAIT, FALSE);
  join_is(&check, 40, TRUE, TRUE, NEO_CHECK_CLOSE, TRUE);
  join_is(&check, 500, FALSE, FALSE, NEO_CHECK_WAIT, TRUE);
  g_assert_cmpint(neo_proxy_check_next(&check, 500 * 1000), ==, 1001 * 1000);
  join_is(&check, 1001, FALSE, FALSE, NEO_CHECK_JOIN, TRUE);
  /* Silence: three joins in all are tried before the relay is given up. */
  join_is(&check, 2400, TRUE, FALSE, NEO_CHECK_WAIT, TRUE);
  join_is(&check, 2501, TRUE, FALSE, NEO_CHECK_CLOSE, TRUE);
  join_is(&check, 2502, FALSE, FALSE, NEO_CHECK_JOIN, TRUE);
  join_is(&check, 3839, TRUE, FALSE, NEO_CHECK_WAIT, TRUE);
  join_is(&check, 3840, TRUE, FALSE, NEO_CHECK_WAIT, FALSE);
  /* Refused: asked again a second after. */
  join_is(&check, 4002, TRUE, FALSE, NEO_CHECK_CLOSE, FALSE);
  join_is(&check, 4003, FALSE, FALSE, NEO_CHECK_JOIN, FALSE);
  join_is(&check, 4004, FALSE, FALSE, NEO_CHECK_WAIT, FALSE);
  join_is(&check, 4500, FALSE, FALSE, NEO_CHECK_WAIT, FALSE);
  join_is(&check, 5003, FALSE, FALSE, NEO_CHECK_JOIN, FALSE);
  join_is(&check, 5020, TRUE, TRUE, NEO_CHECK_CLOSE, TRUE);
  /* A new connection asks at once; after a gap it has the time of a join. */
  neo_proxy_check_begin(&check, FALSE, 5100 * 1000);
  join_is(&check, 5100, FALSE, FALSE, NEO_CHECK_JOIN, TRUE);
  neo_proxy_check_begin(&check, TRUE, 20000 * 1000);
  join_is(&check, 20000, FALSE, FALSE, NEO_CHECK_JOIN, TRUE);
  join_is(&check, 21499, TRUE, FALSE, NEO_CHECK_WAIT, TRUE);
  join_is(&check, 21500, TRUE, FALSE, NEO_CHECK_CLOSE, FALSE);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/proxy/check", test_check);
  return g_test_run();
}
