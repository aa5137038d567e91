/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>
#include <unistd.h>

#include "networkd/mac.h"
#include "networkd/parent.h"
#include "paths/conf.h"
#include "paths/fallback.h"
#include "paths/parse.h"
#include "paths/probe.h"
#include "tests/fuzz/fuzz-file.h"
#include "tests/fuzz/fuzz.h"

/* The input as the payload of a message of the kernel. */
static void parse_message(const uint8_t *data, size_t size)
{
  gsize length = sizeof(struct nlmsghdr) + size;
  g_autofree struct nlmsghdr *message = g_malloc0(NLMSG_ALIGN(length));
  NeoLink link;
  NeoLocal local;
  NeoRoute route;
  NeoRule rule;
  NeoMptcpEndpoint endpoint;
  NeoMptcpLimits limits;
  NeoFallbackSocket socket;

  *message = (struct nlmsghdr){ .nlmsg_len = length, .nlmsg_type = NLMSG_ERROR, .nlmsg_flags = NLM_F_ACK_TLVS };
  memcpy(message + 1, data, size);
  g_assert_true(!neo_parse_link(message, &link) || memchr(link.name, '\0', sizeof link.name));
  g_assert_true(!neo_parse_local(message, &local) || local.address.family);
  g_assert_true(!neo_parse_route(message, &route) || route.link > 0);
  g_assert_true(!neo_parse_rule(message, &rule) || memchr(rule.oif, '\0', sizeof rule.oif));
  g_assert_true(!neo_mptcp_parse_endpoint(message, &endpoint) || endpoint.address.family);
  g_assert_true(!neo_fallback_parse_socket(message, &socket) || socket.remote.family);
  neo_mptcp_parse_limits(message, &limits);
  neo_parse_fault_offset(message);
}

static void parse_file(const uint8_t *data, size_t size)
{
  g_autoptr(GPtrArray) others = g_ptr_array_new();
  NeoParentContext context = { "/nonexistent", { 1000, 1999 }, others };
  g_autofree char *text = g_strndup((const char *)data, size);
  g_autoptr(GError) error = NULL;

  if (!neo_parent_is_in(text))
    return;
  g_autoptr(NeoParent) parent = neo_parent_parse("f.network", text, &context, &error);
  g_assert_true((parent != NULL) == (error == NULL));
  g_assert_true(!parent || (parent->paths >= 1 && parent->paths <= 250 && parent->name && *parent->name));
}

/* Files that are read by their path: paths.conf, and one with a MAC address in each line. */
static void parse_files(const uint8_t *data, size_t size)
{
  g_autofree char *path = NULL;
  int file = fuzz_file(data, size, &path);
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) macs = neo_mac_read_file(path, 1, NULL);
  NeoPathsConf conf;

  gboolean right = neo_paths_conf_load(path, &conf, &error);
  g_assert_true(right == (error == NULL));
  g_assert_true(!right || (conf.tables.first <= conf.tables.last && conf.max_subflows >= 1));
  g_assert_true(!macs || neo_mac_is_valid(macs->pdata[0]));
  close(file);
}

/* What the kernel counts, in /proc/net/netstat. */
static void parse_counters(const uint8_t *data, size_t size)
{
  g_autofree char *text = g_strndup((const char *)data, size);
  NeoFallbackCounters counters;

  neo_fallback_parse_counters(text, &counters);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  parse_message(data, size);
  parse_file(data, size);
  parse_files(data, size);
  parse_counters(data, size);
  return 0;
}
