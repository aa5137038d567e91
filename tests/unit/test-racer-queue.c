/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <sys/socket.h>
#include <unistd.h>

#include "racer/queue.h"

#define KIB 1024

static void test_room(void)
{
  static const struct { RacerSubflows subflows; guint64 room; } cases[] = {
    /* one path, and short round trips: no bound */
    { { .busy = 1, .flight = 400 * KIB, .unsent = 9000 * KIB, .min_rtt_us = 20000 }, 4096 * KIB },
    { { .busy = 4, .flight = 400 * KIB, .unsent = 9000 * KIB, .min_rtt_us = 4999 }, 4096 * KIB },
    { { 0 }, 4096 * KIB },
    /* a quarter of the windows and a burst each */
    { { .busy = 4, .flight = 400 * KIB, .unsent = 0, .starved = TRUE, .min_rtt_us = 5000 }, 356 * KIB },
    { { .busy = 4, .flight = 400 * KIB, .unsent = 100 * KIB, .min_rtt_us = 5000 }, 256 * KIB },
    { { .busy = 4, .flight = 400 * KIB, .unsent = 340 * KIB, .min_rtt_us = 5000 }, 16 * KIB },
    { { .busy = 4, .flight = 400 * KIB, .unsent = 341 * KIB, .min_rtt_us = 5000 }, 0 },
    { { .busy = 4, .flight = 400 * KIB, .unsent = 9000 * KIB, .min_rtt_us = 5000 }, 0 },
    /* one of them has nothing to send */
    { { .busy = 4, .flight = 400 * KIB, .unsent = 9000 * KIB, .starved = TRUE, .min_rtt_us = 5000 }, 64 * KIB },
  };

  for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
    g_assert_cmpuint(racer_queue_room(&cases[i].subflows), ==, cases[i].room);
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
