/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MPTCP endpoints and limits as the kernel's messages. */
#include "common/mptcp.h"

#include <linux/genetlink.h>
#include <linux/mptcp.h>
#include <string.h>

static struct nlmsghdr *start(char buffer[static 8192])
{
  memset(buffer, 0, 8192);
  return neo_netlink_genl_message(buffer, 0x20, MPTCP_PM_CMD_GET_ADDR, MPTCP_PM_VER, 0);
}

static NeoMptcpEndpoint make_endpoint(const char *address, guint16 port, guint8 id, guint32 flags, int link)
{
  NeoMptcpEndpoint endpoint = { .port = port, .id = id, .flags = flags, .link = link };

  g_assert_true(neo_address_parse(address, &endpoint.address));
  return endpoint;
}

static void test_endpoint(void)
{
  const NeoMptcpEndpoint rows[] = {
    make_endpoint("192.0.2.1", 0, 0, 0, 0),
    make_endpoint("192.0.2.1", 443, 1, MPTCP_PM_ADDR_FLAG_SIGNAL, 0),
    make_endpoint("2001:db8::1", 0, 255, MPTCP_PM_ADDR_FLAG_SUBFLOW | MPTCP_PM_ADDR_FLAG_BACKUP, 7),
  };

  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    char buffer[8192];
    struct nlmsghdr *message = start(buffer);
    NeoMptcpEndpoint endpoint;
    neo_mptcp_put_endpoint(message, MPTCP_PM_ATTR_ADDR, &rows[i]);
    g_assert_true(neo_mptcp_parse_endpoint(message, &endpoint));
    g_assert_true(neo_address_equal(&endpoint.address, &rows[i].address));
    g_assert_cmpuint(endpoint.port, ==, rows[i].port);
    g_assert_cmpuint(endpoint.id, ==, rows[i].id);
    g_assert_cmpuint(endpoint.flags, ==, rows[i].flags);
    g_assert_cmpint(endpoint.link, ==, rows[i].link);
  }
}

static void test_no_endpoint(void)
{
  char buffer[8192];
  struct nlmsghdr *message = start(buffer);
  NeoMptcpEndpoint endpoint = { .id = 9 };

  g_assert_false(neo_mptcp_parse_endpoint(message, &endpoint));
  struct nlattr *nest = mnl_attr_nest_start(message, MPTCP_PM_ATTR_ADDR);
  mnl_attr_put_u8(message, MPTCP_PM_ADDR_ATTR_ID, 3);
  mnl_attr_put(message, MPTCP_PM_ADDR_ATTR_ADDR4, 3, "123");
  mnl_attr_nest_end(message, nest);
  g_assert_false(neo_mptcp_parse_endpoint(message, &endpoint));
  g_assert_cmpuint(endpoint.id, ==, 9);
}

static void test_limits(void)
{
  char buffer[8192];
  struct nlmsghdr *message = start(buffer);
  NeoMptcpLimits limits = { 5, 5 };

  mnl_attr_put_u32(message, MPTCP_PM_ATTR_SUBFLOWS, 8);
  g_assert_true(neo_mptcp_parse_limits(message, &limits));
  g_assert_cmpuint(limits.subflows, ==, 8);
  g_assert_cmpuint(limits.add_addr_accepted, ==, 0);
  message->nlmsg_len = sizeof *message;
  limits.subflows = 1;
  g_assert_false(neo_mptcp_parse_limits(message, &limits));
  g_assert_cmpuint(limits.subflows, ==, 1);
}

/* In memory of just its size, so that a sanitizer sees a read beyond it. */
static void parse_copy(const struct nlmsghdr *message, gsize length)
{
  g_autofree struct nlmsghdr *copy = g_malloc0(NLMSG_ALIGN(length));
  NeoMptcpEndpoint endpoint;
  NeoMptcpLimits limits;

  memcpy(copy, message, length);
  copy->nlmsg_len = length;
  g_assert_true(!neo_mptcp_parse_endpoint(copy, &endpoint) || endpoint.address.family);
  neo_mptcp_parse_limits(copy, &limits);
}

static void test_damaged(void)
{
  char buffer[8192];
  struct nlmsghdr *message = start(buffer);
  NeoMptcpEndpoint endpoint = make_endpoint("2001:db8::1", 443, 9, MPTCP_PM_ADDR_FLAG_SIGNAL, 7);

  neo_mptcp_put_endpoint(message, MPTCP_PM_ATTR_ADDR, &endpoint);
  mnl_attr_put_u32(message, MPTCP_PM_ATTR_SUBFLOWS, 8);
  for (gsize length = sizeof *message; length <= message->nlmsg_len; length++)
    parse_copy(message, length);
  for (gsize i = sizeof *message; i < message->nlmsg_len; i++)
    for (guint bit = 0; bit < 8; bit++) {
      buffer[i] ^= 1 << bit;
      parse_copy(message, message->nlmsg_len);
      buffer[i] ^= 1 << bit;
    }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/mptcp/endpoint", test_endpoint);
  g_test_add_func("/mptcp/no-endpoint", test_no_endpoint);
  g_test_add_func("/mptcp/limits", test_limits);
  g_test_add_func("/mptcp/damaged", test_damaged);
  return g_test_run();
}
