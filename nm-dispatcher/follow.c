/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nm-dispatcher/follow.h"

#include <poll.h>
#include <unistd.h>

#include "paths/monitor.h"
#include "paths/turn.h"

/*
 * A router is asked three times, 4 s apart (RFC 4861 10), before it counts as silent, and duplicate address detection takes
 * up to 2 s (RFC 4862 5.4). NetworkManager's dispatcher ends a script after 600 s.
 */
#define QUIET_MS 15000
#define MAX_S 120
#define SETTLE_MS 30

static gboolean changes_within(NeoNetlink *monitor, int milliseconds)
{
  struct pollfd fd = { .fd = neo_netlink_fd(monitor), .events = POLLIN };
  return poll(&fd, 1, milliseconds) > 0;
}

/* FALSE with *@error set on failure, and without when it has become quiet. */
static gboolean next_change(NeoNetlink *monitor, int wait_ms, gboolean (*run)(gpointer, GError **), gpointer data, GError **error)
{
  if (!changes_within(monitor, wait_ms))
    return FALSE;
  g_usleep(SETTLE_MS * 1000);
  neo_monitor_drain(monitor);
  return run(data, error);
}

gboolean neo_follow(NeoNetlink *monitor, gboolean (*run)(gpointer data, GError **error), gpointer data, GError **error)
{
  gint64 end = g_get_monotonic_time() + MAX_S * G_USEC_PER_SEC;
  g_autoptr(GError) why = NULL;

  /* The last look comes after the turn is given back: who saw it taken until then has made a change that is seen here. */
  do {
    int turn = neo_turn_take(&why);
    if (turn < 0)
      break;
    while (g_get_monotonic_time() < end && next_change(monitor, QUIET_MS, run, data, &why))
      ;
    close(turn);
  } while (!why && g_get_monotonic_time() < end && changes_within(monitor, 0));
  if (!why)
    return TRUE;
  g_propagate_error(error, g_steal_pointer(&why));
  return FALSE;
}
