/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib-unix.h>
#include <stdio.h>
#include <sysexits.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "common/log.h"
#include "common/options.h"
#include "paths/accept.h"
#include "paths/engine.h"
#include "paths/fallback.h"
#include "paths/monitor.h"
#include "paths/pm-select.h"
#include "paths/pm-switch.h"
#include "paths/restart.h"
#include "paths/turn.h"

/* Changes come in bursts (a lease is an address and some routes); one run serves all of this time. */
#define SETTLE_MS 30

/* MPTCP endpoints are the one thing that the kernel does not report changes of. */
#define RECHECK_S 60

/* After a failure the next run comes after 1, 2, 4 ... seconds, and never later than the recheck. */
#define MAX_RETRY_S 60

typedef struct {
  char *conf_path;
  NeoPathsConf conf;
  NeoKernel *kernel;
  NeoNetlink *monitor;
  NeoPmSwitch pm_switch;
  NeoFallback *fallback;
  GMainLoop *loop;
  int turn;          /* so that dispatcher plugins need not watch, too; another's is no reason not to */
  guint run_source, retry_s;
  char *status;      /* what was said last, so that it is said once */
  char *complaints;
} Daemon;

/* What the command line asks for beside the daemon. */
typedef struct {
  gboolean once, dry_run, remove, accept;
} Options;

static void log_line(GLogLevelFlags level, const char *line)
{
  g_log_structured(G_LOG_DOMAIN, level, "MESSAGE", "%s", line);
}

static char *join_complaints(const NeoEngineResult *result)
{
  GString *text = g_string_new(NULL);

  for (guint i = 0; i < result->complaints->len; i++)
    g_string_append_printf(text, "%s%s", i ? "\n" : "", g_array_index(result->complaints, NeoComplaint, i).text);
  return g_string_free(text, FALSE);
}

/* Each complaint is logged when it is new, not on each run. */
static void log_new_complaints(Daemon *daemon, const NeoEngineResult *result)
{
  g_autofree char *before = g_steal_pointer(&daemon->complaints);
  g_auto(GStrv) known = g_strsplit(before ? before : "", "\n", -1);

  for (guint i = 0; i < result->complaints->len; i++) {
    const char *text = g_array_index(result->complaints, NeoComplaint, i).text;
    if (!g_strv_contains((const char *const *)known, text))
      log_line(G_LOG_LEVEL_WARNING, text);
  }
  daemon->complaints = join_complaints(result);
}

static const char *plural(guint count)
{
  return count == 1 ? "" : "s";
}

static void tell_status(Daemon *daemon, const NeoEngineResult *result)
{
  g_autofree char *status = g_strdup_printf("%u path%s, %u address%s, %u MPTCP endpoint%s%s%s", result->paths, plural(result->paths),
                                            result->addresses, result->addresses == 1 ? "" : "es",
                                            result->endpoints, plural(result->endpoints),
                                            daemon->pm_switch.pm ? ", userspace path manager" : "",
                                            daemon->retry_s ? "; something failed, see the journal" : "");
  if (g_strcmp0(status, daemon->status) == 0)
    return;
  sd_notifyf(FALSE, "STATUS=%s", status);
  log_line(G_LOG_LEVEL_MESSAGE, status);
  g_free(daemon->status);
  daemon->status = g_steal_pointer(&status);
}

static void log_plan(const NeoEngineResult *result)
{
  for (guint i = 0; i < result->plan->len; i++)
    log_line(G_LOG_LEVEL_INFO, result->plan->pdata[i]);
}

static gboolean run(gpointer data);

static void schedule(Daemon *daemon, guint milliseconds)
{
  if (daemon->run_source)
    g_source_remove(daemon->run_source);
  daemon->run_source = g_timeout_add(milliseconds, run, daemon);
}

static void log_join(const char *line)
{
  log_line(G_LOG_LEVEL_INFO, line);
}

static void log_fallback(const char *path, const char *message_id, const char *line)
{
  g_log_structured(G_LOG_DOMAIN, g_str_equal(message_id, NEO_MESSAGE_MPTCP_AGAIN) ? G_LOG_LEVEL_MESSAGE : G_LOG_LEVEL_WARNING,
                   "MESSAGE_ID", message_id, "NEO_PATH", path ? path : "", "MESSAGE", "%s", line);
}

/* Whether the path manager changed, so that what the engine has found to say is out of date. */
static gboolean update_path_manager(Daemon *daemon, const NeoEngineResult *result, GError **error)
{
  gboolean before = daemon->pm_switch.pm != NULL;

  neo_pm_switch_update(&daemon->pm_switch, &daemon->conf, result->seen, result->found, error);
  return before != (daemon->pm_switch.pm != NULL);
}

static gboolean run(gpointer data)
{
  Daemon *daemon = data;
  g_autoptr(GError) failures = NULL, error = NULL;
  g_autoptr(NeoEngineResult) result = neo_engine_run(daemon->kernel, &daemon->conf, NULL, FALSE, &failures, &error);

  daemon->run_source = 0;
  gboolean changed = result && update_path_manager(daemon, result, &error);
  if (error || failures)
    neo_log_failure(error ? error : failures);
  daemon->retry_s = error || failures ? CLAMP(daemon->retry_s * 2, 1, MAX_RETRY_S) : 0;
  if (result) {
    neo_fallback_set_addresses(daemon->fallback, result->seen);
    log_plan(result);
    if (!changed)
      log_new_complaints(daemon, result);
    tell_status(daemon, result);
  }
  if (changed)
    schedule(daemon, 0);
  else
    schedule(daemon, (daemon->retry_s ? daemon->retry_s : RECHECK_S) * 1000);
  return G_SOURCE_REMOVE;
}

/* The first change of a burst starts the clock; more of them while it runs change nothing, so a steady stream cannot put a run off. */
static gboolean take_change(gint fd, GIOCondition condition, gpointer data)
{
  Daemon *daemon = data;

  neo_monitor_drain(daemon->monitor);
  GSource *pending = daemon->run_source ? g_main_context_find_source_by_id(NULL, daemon->run_source) : NULL;
  if (!pending || g_source_get_ready_time(pending) > g_get_monotonic_time() + SETTLE_MS * 1000)
    schedule(daemon, SETTLE_MS);
  return G_SOURCE_CONTINUE;
}

static gboolean quit(gpointer data)
{
  g_main_loop_quit(((Daemon *)data)->loop);
  return G_SOURCE_CONTINUE;
}

/* A file that is wrong leaves the configuration as it is. */
static gboolean reload(gpointer data)
{
  Daemon *daemon = data;
  g_autoptr(GError) error = NULL;

  sd_notifyf(FALSE, "RELOADING=1\nMONOTONIC_USEC=%" G_GINT64_FORMAT, g_get_monotonic_time());
  if (!neo_paths_conf_load(daemon->conf_path, &daemon->conf, &error))
    neo_log_failure(error);
  run(daemon);
  sd_notify(FALSE, "READY=1");
  return G_SOURCE_CONTINUE;
}

static gboolean feed_watchdog(gpointer data)
{
  sd_notify(FALSE, "WATCHDOG=1");
  return G_SOURCE_CONTINUE;
}

static int remove_all(Daemon *daemon)
{
  NeoRequest request = { .remove_all = TRUE };
  g_autoptr(GError) failures = NULL, error = NULL;
  g_autoptr(NeoEngineResult) result = neo_engine_run(daemon->kernel, &daemon->conf, &request, FALSE, &failures, &error);

  if (result)
    log_plan(result);
  return error || failures ? neo_log_failure(error ? error : failures) : EX_OK;
}

static int serve(Daemon *daemon)
{
  g_autoptr(GError) error = NULL;
  guint64 watchdog_us = 0;

  /* Before the first look, so that nothing is missed between it and the first wait. */
  daemon->monitor = neo_monitor_open(&error);
  if (!daemon->monitor)
    return neo_log_failure(error);
  daemon->turn = neo_turn_take(&error);
  if (error)
    return neo_log_failure(error);
  daemon->fallback = neo_fallback_start(log_fallback, &error);
  if (!daemon->fallback)
    return neo_log_failure(error);
  daemon->loop = g_main_loop_new(NULL, FALSE);
  g_unix_fd_add(neo_netlink_fd(daemon->monitor), G_IO_IN | G_IO_ERR, take_change, daemon);
  g_unix_signal_add(SIGTERM, quit, daemon);
  g_unix_signal_add(SIGINT, quit, daemon);
  g_unix_signal_add(SIGHUP, reload, daemon);
  if (sd_watchdog_enabled(FALSE, &watchdog_us) > 0)
    g_timeout_add(watchdog_us / 2000, feed_watchdog, NULL);
  run(daemon);
  sd_notify(FALSE, "READY=1");
  g_main_loop_run(daemon->loop);
  sd_notify(FALSE, "STOPPING=1");
  if (neo_is_restarting())
    return EX_OK;
  if (!neo_pm_switch_off(&daemon->pm_switch, &error))
    neo_log_failure(error);
  return remove_all(daemon);
}

/* Whoever selected it before a crash: nobody is there to serve it. */
static gboolean unselect(gboolean dry_run, GError **error)
{
  if (!neo_pm_is_selected())
    return TRUE;
  puts("give new connections to the kernel's path manager");
  return dry_run || neo_pm_select(FALSE, error);
}

/* Runs the engine once and writes what it did, or would do, to standard output. */
static int run_once(Daemon *daemon, const Options *options)
{
  NeoRequest request = { .remove_all = options->remove };
  g_autoptr(GError) failures = NULL, error = NULL;
  g_autoptr(NeoEngineResult) result = neo_engine_run(daemon->kernel, &daemon->conf, &request, options->dry_run, &failures, &error);

  for (guint i = 0; result && i < result->plan->len; i++)
    puts(result->plan->pdata[i]);
  if (options->remove && !error)
    unselect(options->dry_run, &error);
  for (guint i = 0; result && i < result->complaints->len; i++)
    log_line(G_LOG_LEVEL_WARNING, g_array_index(result->complaints, NeoComplaint, i).text);
  return error || failures ? neo_log_failure(error ? error : failures) : EX_OK;
}

static void daemon_clear(Daemon *daemon)
{
  g_free(daemon->conf_path);
  g_free(daemon->status);
  g_free(daemon->complaints);
  neo_pm_switch_clear(&daemon->pm_switch);
  neo_fallback_free(daemon->fallback);
  neo_kernel_free(daemon->kernel);
  neo_netlink_free(daemon->monitor);
  if (daemon->turn >= 0)
    close(daemon->turn);
  g_clear_pointer(&daemon->loop, g_main_loop_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Daemon, daemon_clear)

static gboolean parse_arguments(int argc, char **argv, char **conf_path, Options *options, GError **error)
{
  const GOptionEntry entries[] = {
    { "config", 'c', 0, G_OPTION_ARG_FILENAME, conf_path, "Read FILE instead of " NEO_CONFDIR "/paths.conf", "FILE" },
    { "once", 0, 0, G_OPTION_ARG_NONE, &options->once, "Do what is needed now, print it and exit", NULL },
    { "remove", 0, 0, G_OPTION_ARG_NONE, &options->remove, "Remove all that Neo added to the paths, print it and exit", NULL },
    { "dry-run", 'n', 0, G_OPTION_ARG_NONE, &options->dry_run, "Print what would be done and exit", NULL },
    { "accept", 0, 0, G_OPTION_ARG_NONE, &options->accept, "Serve accepted connections only: take any number of joins, announce MPTCP endpoints", NULL },
    { NULL },
  };

  return neo_options_parse(argc, argv, entries, "Gives each network path its rules and its MPTCP endpoint; see neo-pathd(8).", error);
}

int main(int argc, char **argv)
{
  g_auto(Daemon) daemon = { .turn = -1 };
  Options options = { 0 };
  g_autoptr(GError) error = NULL;

  neo_log_init("neo-pathd");
  if (!parse_arguments(argc, argv, &daemon.conf_path, &options, &error))
    return neo_log_failure(error);
  if (!daemon.conf_path)
    daemon.conf_path = g_strdup(NEO_CONFDIR "/paths.conf");
  if (!neo_paths_conf_load(daemon.conf_path, &daemon.conf, &error))
    return neo_log_failure(error);
  daemon.kernel = neo_kernel_open(&error);
  if (!daemon.kernel)
    return neo_log_failure(error);
  daemon.pm_switch = (NeoPmSwitch){ .kernel = daemon.kernel, .report = log_join };
  if (options.accept)
    return neo_accept(daemon.kernel, &error) ? EX_OK : neo_log_failure(error);
  return options.once || options.dry_run || options.remove ? run_once(&daemon, &options) : serve(&daemon);
}
