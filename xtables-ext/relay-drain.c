/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "xtables-ext/relay-drain.h"

#include <linux/netlink.h>

#include "xtables-ext/relay-apply.h"
#include "xtables-ext/relay-flows.h"
#include "xtables-ext/relay-nudge.h"
#include "xtables-ext/relay-prio.h"

/*
 * Connection tracking calls a flow closed as soon as one of its ends was sent a reset (nf_ct_set_closing()), so the rules stay a little
 * longer for the other end. Linux answers segments that fit nothing no more than twice a second (net.ipv4.tcp_invalid_ratelimit).
 */
enum { POLL_MS = 20, SETTLE_MS = 700, NUDGE_MS = 600 };

static guint count_open(const GArray *flows)
{
  guint n = 0;

  for (guint i = 0; i < flows->len; i++)
    n += g_array_index(flows, NeoRelayFlow, i).open;
  return n;
}

/*
 * An end of Linux that learns of a closed subflow sends all again that is on its way over the others too (__mptcp_retransmit_pending_data()),
 * behind what is queued there. So one that has moved its data is left alone: it learns with its next packet here, which may be never.
 */
static void nudge(const NeoRelayTuple *tuple, GHashTable *moved)
{
  if (!g_hash_table_contains(moved, tuple))
    neo_relay_nudge(tuple);
}

static void nudge_all(const GArray *flows, GHashTable *moved)
{
  for (guint i = 0; i < flows->len; i++) {
    const NeoRelayFlow *flow = &g_array_index(flows, NeoRelayFlow, i);
    nudge(&flow->original, moved);
    nudge(&flow->reply, moved);
  }
}

/* A table with many flows is not read all the time. */
static void wait_a_little(gint64 reading_began, gint64 end)
{
  gint64 now = g_get_monotonic_time();
  gint64 pause = MAX(POLL_MS * 1000, 4 * (now - reading_began));

  g_usleep(MAX(MIN(pause, end - now), 0));
}

/* Until all flows are closed, or @end. */
static gboolean wait_closed(NeoNetlink *netlink, const GArray *doors, GHashTable *moved, gint64 end, GError **error)
{
  gint64 nudge_at = 0, settled_at = g_get_monotonic_time() + SETTLE_MS * 1000;

  for (;;) {
    gint64 now = g_get_monotonic_time();
    g_autoptr(GArray) flows = neo_relay_flows(netlink, doors, error);
    if (!flows)
      return FALSE;
    if (count_open(flows))
      settled_at = now + SETTLE_MS * 1000;
    if (!flows->len || now >= MIN(settled_at, end))
      return TRUE;
    if (now >= nudge_at) {
      nudge_all(flows, moved);
      nudge_at = now + NUDGE_MS * 1000;
    }
    wait_a_little(now, end);
  }
}

static gboolean forget(NeoNetlink *netlink, const GArray *doors, GError **error)
{
  g_autoptr(GArray) flows = neo_relay_flows(netlink, doors, error);

  for (guint i = 0; flows && i < flows->len; i++)
    if (!neo_relay_flow_delete(netlink, &g_array_index(flows, NeoRelayFlow, i), error))
      return FALSE;
  return flows != NULL;
}

static GHashTable *move_data(const GArray *doors, gint64 end, GError **error)
{
  g_autoptr(NeoNetlink) netlink = neo_netlink_open(NETLINK_NETFILTER, 0, error);
  g_autoptr(GArray) flows = netlink ? neo_relay_flows(netlink, doors, error) : NULL;

  return flows ? neo_relay_prio(flows, end) : NULL;
}

static gboolean end_flows(const GArray *doors, GHashTable *moved, gint64 end, GError **error)
{
  g_autoptr(NeoNetlink) netlink = neo_netlink_open(NETLINK_NETFILTER, 0, error);

  return netlink && wait_closed(netlink, doors, moved, end, error) && forget(netlink, doors, error);
}

/* Data moves for half of the time at most, so that the other half is there for the resets. */
static gboolean drain_all(const char *const *names, gsize n, GError **error)
{
  guint drain_time = 0;
  g_autoptr(GArray) doors = neo_relay_close(names, n, FALSE, &drain_time, error);

  if (!doors || !doors->len)
    return doors != NULL;
  gint64 begin = g_get_monotonic_time(), half = (gint64)drain_time * 500;
  g_autoptr(GHashTable) moved = move_data(doors, begin + half, error);
  g_autoptr(GArray) same = moved ? neo_relay_close(names, n, TRUE, &drain_time, error) : NULL;
  return same && end_flows(doors, moved, begin + 2 * half, error);
}

gboolean neo_relay_drain(const char *const *names, gsize n, GError **error)
{
  gboolean done = drain_all(names, n, error);

  /* What could not be drained is stopped all the same. */
  return neo_relay_unload(names, n, done ? error : NULL) && done;
}
