/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "systemd-units/proxy-drain.h"

#include <linux/mptcp.h>

#include "common/mptcp.h"
#include "paths/pm-diag.h"

/*
 * What the kernel's scheduler has given to a subflow and is not sent yet stays with it, often for longer than this; a longer wait did not
 * shorten the stall (7 of 0.9 s: median 428 ms; 7 of 0.4 s: 343; none: 420; undisturbed 140; 3 subflows over 12 Mbit/s, Linux 6.18). The rest is
 * the kernel's: it sends all again that the connection has not had acknowledged (__mptcp_retransmit_pending_data() in net/mptcp/protocol.c).
 */
enum { LIMIT_MS = 400, LOOK_MS = 10 };

/* A look that took long, as with many connections, is followed by this many times as much without one. */
#define SHARE 4

static gboolean is_gone(const NeoProxyPlan *plan, const NeoAddress *address)
{
  return !neo_proxy_mapping_find(plan->relays, address) && !neo_proxy_mapping_find(plan->listen, address);
}

static gboolean make_backup(NeoNetlink *generic, guint16 family, const NeoMptcpEndpoint *endpoint)
{
  char buffer[8192];
  struct nlmsghdr *message = neo_netlink_genl_message(buffer, family, MPTCP_PM_CMD_SET_FLAGS, MPTCP_PM_VER, 0);
  NeoMptcpEndpoint backup = *endpoint;

  backup.flags |= MPTCP_PM_ADDR_FLAG_BACKUP;
  neo_mptcp_put_endpoint(message, MPTCP_PM_ATTR_ADDR, &backup);
  return neo_netlink_request(generic, message, NULL, NULL);
}

/* Those of a userspace path manager's connections stay as they are, and are not waited for. */
static gboolean carries_data(const NeoProxyPlan *plan, const NeoPmSocket *socket)
{
  return socket->subflow.backup && socket->sending.unacked && is_gone(plan, &socket->subflow.local);
}

static gboolean any_carries_data(NeoNetlink *diag, const NeoProxyPlan *plan)
{
  g_autoptr(GArray) subflows = neo_pm_diag_subflows(diag, NULL);

  for (guint i = 0; subflows && i < subflows->len; i++)
    if (carries_data(plan, &g_array_index(subflows, NeoPmSocket, i)))
      return TRUE;
  return FALSE;
}

static void wait_empty(const NeoProxyPlan *plan)
{
  g_autoptr(NeoNetlink) diag = neo_netlink_open(NETLINK_SOCK_DIAG, 0, NULL);
  gint64 end = g_get_monotonic_time() + LIMIT_MS * G_TIME_SPAN_MILLISECOND;

  while (diag) {
    gint64 begin = g_get_monotonic_time();
    gboolean more = any_carries_data(diag, plan);
    gint64 now = g_get_monotonic_time(), pause = MAX(LOOK_MS * G_TIME_SPAN_MILLISECOND, SHARE * (now - begin));
    if (!more || now + pause > end)
      return;
    g_usleep(pause);
  }
}

void neo_proxy_drain(NeoNetlink *generic, guint16 family, const NeoProxyPlan *plan, const GArray *endpoints)
{
  gboolean drains = FALSE;

  for (guint i = 0; i < endpoints->len; i++) {
    const NeoMptcpEndpoint *endpoint = &g_array_index(endpoints, NeoMptcpEndpoint, i);
    if (endpoint->flags == MPTCP_PM_ADDR_FLAG_SIGNAL && is_gone(plan, &endpoint->address))
      drains |= make_backup(generic, family, endpoint);
  }
  if (drains)
    wait_empty(plan);
}
