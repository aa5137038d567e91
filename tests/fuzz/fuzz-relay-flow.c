/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "xtables-ext/relay-flows.h"

/* An input is the payload of one message of a dump of connection tracking. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  /* Memory of just its size, as the sanitizers need it. */
  g_autofree struct nlmsghdr *message = g_malloc0(NLMSG_ALIGN(sizeof *message + size));
  NeoRelayFlow flow;

  message->nlmsg_len = sizeof *message + size;
  message->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW;
  if (size)
    memcpy(mnl_nlmsg_get_payload(message), data, size);
  if (!neo_relay_flow_parse(message, &flow))
    return 0;
  g_assert_cmpuint(flow.original.from.family, ==, flow.reply.to.family);
  g_assert_true(flow.original.from.family == AF_INET || flow.original.from.family == AF_INET6);
  g_assert_cmpuint(flow.original.to_port, >, 0);
  g_assert_cmpuint(flow.reply.from_port, >, 0);
  return 0;
}
