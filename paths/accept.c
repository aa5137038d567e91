/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "paths/accept.h"

#include <glib-unix.h>
#include <systemd/sd-daemon.h>

#include "common/error.h"
#include "paths/monitor.h"
#include "paths/pm-select.h"
#include "paths/pm.h"
#include "paths/restart.h"

/* The kernel reports changes of addresses, not of MPTCP endpoints; new connections look at once, live ones this often. */
#define RECHECK_S 60

typedef struct {
  NeoPm *pm;
  GMainLoop *loop;
  NeoNetlink *monitor;
} Accept;

static void log_line(const char *line)
{
  g_log_structured(G_LOG_DOMAIN, G_LOG_LEVEL_INFO, "MESSAGE", "%s", line);
}

static gboolean refresh(gpointer data)
{
  g_autoptr(GArray) none = g_array_new(FALSE, FALSE, sizeof(NeoPmPath));

  neo_pm_set_addresses(((Accept *)data)->pm, none, none);
  return G_SOURCE_CONTINUE;
}

static gboolean take_change(gint fd, GIOCondition condition, gpointer data)
{
  neo_monitor_drain(((Accept *)data)->monitor);
  return refresh(data);
}

static gboolean quit(gpointer data)
{
  g_main_loop_quit(((Accept *)data)->loop);
  return G_SOURCE_CONTINUE;
}

static gboolean feed_watchdog(gpointer data)
{
  sd_notify(FALSE, "WATCHDOG=1");
  return G_SOURCE_CONTINUE;
}

gboolean neo_accept(NeoKernel *kernel, GError **error)
{
  static const NeoPmSettings settings = { NEO_PM_SPREAD, 1 };
  guint64 watchdog_us = 0;

  if (!kernel->mptcp_family) {
    g_set_error(error, NEO_ERROR, NEO_ERROR_UNSUPPORTED, "this kernel has no MPTCP");
    return FALSE;
  }
  g_autoptr(NeoPm) pm = neo_pm_start(kernel, &settings, log_line, error);
  if (!pm)
    return FALSE;
  g_autoptr(NeoNetlink) monitor = neo_monitor_open(error);
  if (!monitor)
    return FALSE;
  g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
  Accept accept = { pm, loop, monitor };
  g_unix_fd_add(neo_netlink_fd(monitor), G_IO_IN | G_IO_ERR, take_change, &accept);
  g_unix_signal_add(SIGTERM, quit, &accept);
  g_unix_signal_add(SIGINT, quit, &accept);
  g_unix_signal_add(SIGHUP, refresh, &accept);
  g_timeout_add_seconds(RECHECK_S, refresh, &accept);
  if (sd_watchdog_enabled(FALSE, &watchdog_us) > 0)
    g_timeout_add(watchdog_us / 2000, feed_watchdog, NULL);
  refresh(&accept);
  sd_notify(FALSE, "READY=1\nSTATUS=takes joins and announces the MPTCP endpoints of this network namespace");
  g_main_loop_run(loop);
  sd_notify(FALSE, "STOPPING=1");
  return neo_is_restarting() || neo_pm_select(FALSE, error);
}
