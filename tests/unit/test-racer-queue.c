/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <sys/socket.h>
#include <unistd.h>

#include "racer/queue.h"

#define KIB 1024

static void test_room(void)
{
  static const struct { guint n; RacerSubflows subflows; guint64 queued, room; gint64 still_us; } cases[] = {
    /* one path, and short round trips: no bound */
    { 1, { .flight = 400 * KIB, .unsent = 9000 * KIB, .min_rtt_us = 20000 }, 99999 * KIB, 4096 * KIB },
    { 4, { .flight = 400 * KIB, .unsent = 9000 * KIB, .min_rtt_us = 4999 }, 99999 * KIB, 4096 * KIB },
    { 0, { 0 }, 99999 * KIB, 4096 * KIB },
    /* a quarter of the windows and a burst each */
    { 4, { .flight = 400 * KIB, .unsent = 0, .starved = TRUE, .min_rtt_us = 5000 }, 400 * KIB, 356 * KIB },
    { 4, { .flight = 400 * KIB, .unsent = 100 * KIB, .min_rtt_us = 5000 }, 500 * KIB, 256 * KIB },
    { 4, { .flight = 400 * KIB, .unsent = 340 * KIB, .min_rtt_us = 5000 }, 740 * KIB, 16 * KIB },
    { 4, { .flight = 400 * KIB, .unsent = 341 * KIB, .min_rtt_us = 5000 }, 741 * KIB, 0 },
    { 4, { .flight = 400 * KIB, .unsent = 9000 * KIB, .min_rtt_us = 5000 }, 9400 * KIB, 0 },
    /* what is not acknowledged is bounded when nothing is */
    { 4, { .flight = 400 * KIB, .unsent = 0, .starved = TRUE, .min_rtt_us = 5000 }, 740 * KIB, 16 * KIB, 10001 },
    { 4, { .flight = 400 * KIB, .unsent = 0, .starved = TRUE, .min_rtt_us = 5000 }, 741 * KIB, 0, 10001 },
    { 4, { .flight = 400 * KIB, .unsent = 0, .starved = TRUE, .min_rtt_us = 5000 }, 741 * KIB, 356 * KIB, 10000 },
    /* one of them has nothing to send */
    { 4, { .flight = 400 * KIB, .unsent = 9000 * KIB, .starved = TRUE, .min_rtt_us = 5000 }, 9400 * KIB, 64 * KIB },
    /* what one that is silent holds, and others have sent */
    { 4, { .flight = 400 * KIB, .unsent = 9000 * KIB, .min_rtt_us = 5000 }, 0, 356 * KIB, 10001 },
    { 4, { .flight = 400 * KIB, .unsent = 9000 * KIB, .min_rtt_us = 5000 }, 340 * KIB, 16 * KIB, 10001 },
    { 4, { .flight = 400 * KIB, .unsent = 9000 * KIB, .min_rtt_us = 5000 }, 341 * KIB, 0, 10001 },
  };

  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    RacerMptcpInfo mptcp = { .subflows = cases[i].n, .queued = cases[i].queued };
    g_assert_cmpuint(racer_queue_room(&mptcp, &cases[i].subflows, cases[i].still_us), ==, cases[i].room);
  }
}

static void test_no_mptcp(void)
{
  RacerQueue queue = { 0 };
  int fds[2];

  g_assert_no_errno(socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
  g_assert_cmpuint(racer_queue_take(&queue, 1000 * KIB), ==, 128 * KIB);
  g_assert_false(racer_queue_sent(&queue, fds[0], 128 * KIB));
  g_assert_cmpuint(queue.room, ==, G_MAXUINT64);
  g_assert_cmpuint(racer_queue_take(&queue, 1000 * KIB), ==, 1000 * KIB);
  g_assert_false(racer_queue_sent(&queue, fds[0], 1000 * KIB));
  g_assert_cmpuint(queue.room, ==, G_MAXUINT64);
  close(fds[0]);
  close(fds[1]);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/racer-queue/room", test_room);
  g_test_add_func("/racer-queue/no-mptcp", test_no_mptcp);
  return g_test_run();
}
