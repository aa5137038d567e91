/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <linux/mptcp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "racer/burst.h"

#ifndef SOL_MPTCP
#define SOL_MPTCP 284
#endif
#define SUBFLOWS 6

static void test_is_small(void)
{
  static const struct { guint subflows; guint32 window; gboolean small; } cases[] = {
    { 0, 0, FALSE },           { 1, 65536, FALSE },          { 3, 65536, FALSE },
    { 4, 65536, TRUE },        { 4, 4 * 65536 - 1, TRUE },   { 4, 4 * 65536, FALSE },
    { 64, 63 * 65536, TRUE },  { 64, 64 * 65536, FALSE },    { 256, G_MAXUINT32, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
    g_assert_cmpint(racer_burst_is_small(cases[i].subflows, cases[i].window), ==, cases[i].small);
}

static int get_lowat(int fd)
{
  int value = -1;
  socklen_t size = sizeof value;

  g_assert_no_errno(getsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &value, &size));
  return value;
}

static void run(const char *command)
{
  if (system(command) != 0)
    g_error("%s failed", command);
}

typedef struct {
  int listener, client, server;
} Ends;

static Ends connect_ends(int protocol)
{
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
  socklen_t length = sizeof address;
  Ends ends = { socket(AF_INET, SOCK_STREAM, protocol), socket(AF_INET, SOCK_STREAM, protocol), -1 };

  g_assert_no_errno(bind(ends.listener, (struct sockaddr *)&address, sizeof address));
  g_assert_no_errno(listen(ends.listener, 1));
  g_assert_no_errno(getsockname(ends.listener, (struct sockaddr *)&address, &length));
  g_assert_no_errno(connect(ends.client, (struct sockaddr *)&address, sizeof address));
  ends.server = accept(ends.listener, NULL, NULL);
  g_assert_no_errno(ends.server);
  return ends;
}

static void close_ends(Ends *ends)
{
  close(ends->listener);
  close(ends->client);
  close(ends->server);
}

/* Passes @size bytes from the client to the server, one piece at a time. */
static void pass(const Ends *ends, gsize size)
{
  static char piece[16 * 1024];

  for (gsize done = 0; done < size; done += sizeof piece) {
    g_assert_cmpint(send(ends->client, piece, sizeof piece, 0), ==, sizeof piece);
    g_assert_cmpint(recv(ends->server, piece, sizeof piece, MSG_WAITALL), ==, sizeof piece);
  }
}

static guint count_subflows(int fd)
{
  struct mptcp_info info = { 0 };
  socklen_t size = sizeof info;

  g_assert_no_errno(getsockopt(fd, SOL_MPTCP, MPTCP_INFO, &info, &size));
  return info.mptcpi_subflows + 1u;
}

static void wait_for_subflows(const Ends *ends)
{
  for (guint i = 0; i < 2000 && count_subflows(ends->client) < SUBFLOWS; i++)
    g_usleep(10000);
  g_assert_cmpuint(count_subflows(ends->client), ==, SUBFLOWS);
}

static void test_many_subflows(void)
{
  RacerBurst burst = { 0 };
  Ends ends;

  run("ip mptcp limits set subflows 8 add_addr_accepted 0");
  run("for i in 2 3 4 5 6; do ip mptcp endpoint add 127.0.0.$i subflow; done");
  ends = connect_ends(IPPROTO_MPTCP);
  pass(&ends, 65536);
  wait_for_subflows(&ends);
  racer_burst_sent(&burst, ends.client, 65535);
  g_assert_cmpint(get_lowat(ends.client), ==, 0);
  racer_burst_sent(&burst, ends.client, 1);
  if (!burst.small || burst.look_at == G_MAXUINT64) {
    g_test_skip("no TCP_NOTSENT_LOWAT for MPTCP before Linux 6.9");
    close_ends(&ends);
    return;
  }
  g_assert_cmpint(get_lowat(ends.client), ==, 16384);

  /* The window opens as data is received; then there is no limit any more. */
  for (guint i = 0; i < 1000 && burst.small; i++) {
    pass(&ends, 512 * 1024);
    racer_burst_sent(&burst, ends.client, 512 * 1024);
  }
  g_assert_false(burst.small);
  g_assert_cmpint(get_lowat(ends.client), ==, 0);
  close_ends(&ends);
  run("ip mptcp endpoint flush");
}

static void test_few_subflows(void)
{
  RacerBurst burst = { 0 };
  Ends ends = connect_ends(IPPROTO_MPTCP);

  racer_burst_sent(&burst, ends.client, 65536);
  g_assert_false(burst.small);
  g_assert_cmpuint(burst.look_at, ==, 2 * 65536);
  racer_burst_sent(&burst, ends.client, 65535);
  g_assert_cmpuint(burst.look_at, ==, 2 * 65536);
  racer_burst_sent(&burst, ends.client, 1);
  g_assert_cmpuint(burst.look_at, ==, 4 * 65536);
  close_ends(&ends);
}

/* After a restart the socket is as the last process left it. */
static void test_taken_over(void)
{
  RacerBurst burst = { .small = TRUE };
  int value = 16384;
  Ends ends = connect_ends(IPPROTO_MPTCP);

  if (setsockopt(ends.client, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &value, sizeof value) == 0) {
    racer_burst_sent(&burst, ends.client, 65536);
    g_assert_false(burst.small);
    g_assert_cmpint(get_lowat(ends.client), ==, 0);
  } else {
    g_test_skip("no TCP_NOTSENT_LOWAT for MPTCP before Linux 6.9");
  }
  close_ends(&ends);
}

static void test_tcp(void)
{
  RacerBurst burst = { 0 };
  Ends ends = connect_ends(IPPROTO_TCP);

  racer_burst_sent(&burst, ends.client, 65536);
  g_assert_cmpuint(burst.look_at, ==, G_MAXUINT64);
  g_assert_false(burst.small);
  close_ends(&ends);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/racer-burst/is-small", test_is_small);
  if (unshare(CLONE_NEWNET) == 0) {
    run("ip link set lo up");
    run("sysctl -qw net.mptcp.enabled=1");
    g_test_add_func("/racer-burst/many-subflows", test_many_subflows);
    g_test_add_func("/racer-burst/few-subflows", test_few_subflows);
    g_test_add_func("/racer-burst/taken-over", test_taken_over);
    g_test_add_func("/racer-burst/tcp", test_tcp);
  }
  return g_test_run();
}
