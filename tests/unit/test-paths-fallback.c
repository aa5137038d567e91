/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <linux/inet_diag.h>
#include <linux/mptcp.h>
#include <linux/sock_diag.h>
#include <arpa/inet.h>
#include <string.h>

#include "paths/fallback.h"

static void test_counters(void)
{
  NeoFallbackCounters counters = { 7, 7 };

  g_assert_true(neo_fallback_parse_counters("TcpExt: SyncookiesSent Blackhole\nTcpExt: 9 9\n"
                                            "MPTcpExt: MPCapableSYNRX MPCapableFallbackSYNACK Blackhole DssFallback MPCapableFallbackACK\n"
                                            "MPTcpExt: 1 20 3 400 5000\n", &counters));
  g_assert_cmpuint(counters.blackhole, ==, 3);
  g_assert_cmpuint(counters.fallback, ==, 420);

  g_assert_true(neo_fallback_parse_counters("MPTcpExt: MPCapableSYNRX MPCapableFallbackSYNACK Blackhole\nMPTcpExt: 1 2\n", &counters));
  g_assert_cmpuint(counters.blackhole, ==, 0);
  g_assert_cmpuint(counters.fallback, ==, 2);
}

static void test_no_counters(void)
{
  static const char *const texts[] = { "", "TcpExt: A\nTcpExt: 1\n", "MPTcpExt: Blackhole\n", "MPTcpExt:", NULL };
  NeoFallbackCounters counters = { 7, 7 };

  for (guint i = 0; texts[i]; i++)
    g_assert_false(neo_fallback_parse_counters(texts[i], &counters));
  g_assert_cmpuint(counters.blackhole, ==, 7);
}

/* A connection from 198.51.100.11 (mapped: by an IPv6 socket) to 192.0.2.10 port 443. */
static struct nlmsghdr *socket_message(char *buffer, gboolean mapped, guint8 state, guint32 flags)
{
  struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
  struct inet_diag_msg *header = mnl_nlmsg_put_extra_header(message, sizeof *header);
  struct mptcp_info info = { .mptcpi_flags = flags };

  *header = (struct inet_diag_msg){ .idiag_family = mapped ? AF_INET6 : AF_INET, .idiag_state = state };
  header->id.idiag_dport = htons(443);
  inet_pton(header->idiag_family, mapped ? "::ffff:198.51.100.11" : "198.51.100.11", header->id.idiag_src);
  inet_pton(header->idiag_family, mapped ? "::ffff:192.0.2.10" : "192.0.2.10", header->id.idiag_dst);
  mnl_attr_put(message, INET_DIAG_INFO, sizeof info, &info);
  return message;
}

static void test_sockets(void)
{
  char buffer[8192] __attribute__((aligned(8)));

  for (guint mapped = 0; mapped < 2; mapped++) {
    NeoFallbackSocket socket;
    g_assert_true(neo_fallback_parse_socket(socket_message(buffer, mapped, 1, MPTCP_INFO_FLAG_FALLBACK), &socket));
    g_autofree char *local = neo_address_to_string(&socket.local), *remote = neo_address_to_string(&socket.remote);
    g_assert_cmpstr(local, ==, "198.51.100.11");
    g_assert_cmpstr(remote, ==, "192.0.2.10");
    g_assert_cmpuint(socket.remote_port, ==, 443);
    g_assert_true(socket.fallback);
    g_assert_true(neo_fallback_parse_socket(socket_message(buffer, mapped, 1, MPTCP_INFO_FLAG_REMOTE_KEY_RECEIVED), &socket));
    g_assert_false(socket.fallback);
    g_assert_false(neo_fallback_parse_socket(socket_message(buffer, mapped, 2, 0), &socket));
  }
}

static void test_short_socket(void)
{
  char buffer[8192] __attribute__((aligned(8)));
  NeoFallbackSocket socket;
  struct nlmsghdr *message = socket_message(buffer, FALSE, 1, 0);

  message->nlmsg_len = NLMSG_HDRLEN + sizeof(struct inet_diag_msg) - 1;
  g_assert_false(neo_fallback_parse_socket(message, &socket));
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/fallback/counters", test_counters);
  g_test_add_func("/fallback/no-counters", test_no_counters);
  g_test_add_func("/fallback/sockets", test_sockets);
  g_test_add_func("/fallback/short-socket", test_short_socket);
  return g_test_run();
}
