/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <linux/rtnetlink.h>

#include "paths/batch.h"

/* Asks for a link, which anybody may: the kernel answers with the link and an acknowledgement, or with ENODEV. */
static struct nlmsghdr *link_message(char buffer[static 8192], int index)
{
  struct nlmsghdr *message = neo_netlink_message(buffer, RTM_GETLINK, 0);
  struct ifinfomsg *header = mnl_nlmsg_put_extra_header(message, sizeof *header);

  header->ifi_index = index;
  return message;
}

enum { LOOPBACK = 1, NOBODY = 0x7ffffff0 };

static void test_one_fails(void)
{
  g_autoptr(NeoNetlink) netlink = neo_netlink_open(NETLINK_ROUTE, 0, NULL);
  g_auto(NeoBatch) batch = neo_batch_new();
  char buffer[8192];

  g_assert_nonnull(netlink);
  g_assert_cmpuint(neo_batch_add(&batch, link_message(buffer, LOOPBACK)), ==, 0);
  g_assert_cmpuint(neo_batch_add(&batch, link_message(buffer, NOBODY)), ==, 1);
  g_assert_cmpuint(neo_batch_add(&batch, link_message(buffer, LOOPBACK)), ==, 2);
  g_assert_cmpint(batch.errnums[0], ==, -1);
  neo_batch_send(&batch, netlink);
  g_assert_cmpint(batch.errnums[0], ==, 0);
  g_assert_cmpint(batch.errnums[1], ==, ENODEV);
  g_assert_cmpint(batch.errnums[2], ==, 0);
}

/* As many as it takes; the socket is as good as new behind it. */
static void test_full(void)
{
  g_autoptr(NeoNetlink) netlink = neo_netlink_open(NETLINK_ROUTE, 0, NULL);
  g_auto(NeoBatch) batch = neo_batch_new();
  char buffer[8192];
  int errnum = 0;

  for (guint i = 0; i < NEO_BATCH_MAX; i++)
    neo_batch_add(&batch, link_message(buffer, i % 8 ? NOBODY : LOOPBACK));
  neo_batch_send(&batch, netlink);
  for (guint i = 0; i < NEO_BATCH_MAX; i++)
    g_assert_cmpint(batch.errnums[i], ==, i % 8 ? ENODEV : 0);
  g_assert_true(neo_netlink_request(netlink, link_message(buffer, LOOPBACK), &errnum, NULL));
  g_assert_false(neo_netlink_request(netlink, link_message(buffer, NOBODY), &errnum, NULL));
  g_assert_cmpint(errnum, ==, ENODEV);
}

static void test_empty(void)
{
  g_autoptr(NeoNetlink) netlink = neo_netlink_open(NETLINK_ROUTE, 0, NULL);
  g_auto(NeoBatch) batch = neo_batch_new();

  neo_batch_send(&batch, netlink);
  g_assert_cmpuint(batch.count, ==, 0);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/batch/one-fails", test_one_fails);
  g_test_add_func("/batch/full", test_full);
  g_test_add_func("/batch/empty", test_empty);
  return g_test_run();
}
