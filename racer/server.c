/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The main thread: signals, names, status and the decision to leave. Connections are the workers' affair.
 *
 *   SERVING   until SIGTERM or SIGINT (then DRAINING), or until nothing was open for ExitIdleTime= (then the end)
 *   DRAINING  nothing is accepted; until the last connection has ended, DrainTime= is over, or a second signal
 *
 * Where systemd has a store, SIGTERM and SIGINT hand all connections over instead (racer/handover.h) and the process ends at once.
 */
#include "racer/server.h"

#include <errno.h>
#include <glib-unix.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "common/error.h"
#include "common/log.h"
#include "racer/listeners.h"
#include "racer/names.h"
#include "racer/status.h"
#include "racer/store.h"
#include "racer/worker.h"

#define MAX_WORKERS 4
#define STATUS_INTERVAL_MSEC 1000
#define STOP_TIME_MSEC 5000 /* what remains to be done after DrainTime= takes far less */
#define SPARE_FDS 64      /* for all that is not a connection */
#define FDS_OF_A_CONNECTION 3 /* client, peer, and a share of the losers of races */
#define FDS_OF_A_SAFE_CONNECTION 7 /* and a pipe each way, which nothing can stand in for */

typedef struct {
  const char *path;
  RacerSettings *settings;
  RacerNames *names;
  RacerTargets *targets;
  GArray *listeners, *lockers;  /* int; the lockers of the process before */
  GPtrArray *locker_names;
  GPtrArray *workers;
  GMainLoop *loop;
  gboolean draining;
  gint dirty; /* atomic: the workers have news that were not looked at */
  int news;   /* eventfd */
  guint status_timer, idle_timer;
} Server;

static RacerCounts count(const Server *server)
{
  RacerCounts sum = { 0 };

  for (guint i = 0; i < server->workers->len; i++) {
    RacerCounts counts = racer_worker_counts(server->workers->pdata[i]);
    sum.open += counts.open;
    sum.failed += counts.failed;
  }
  return sum;
}

static void set_accepting(Server *server, gboolean accepting)
{
  for (guint i = 0; i < server->workers->len; i++)
    racer_worker_set_accepting(server->workers->pdata[i], accepting);
}

/* A connection that was accepted at the last moment keeps the program; what comes later waits in systemd's socket. */
static gboolean idle_out(gpointer data)
{
  Server *server = data;

  server->idle_timer = 0;
  set_accepting(server, FALSE);
  if (count(server).open > 0) {
    set_accepting(server, TRUE);
    return G_SOURCE_REMOVE;
  }
  sd_notify(FALSE, "STOPPING=1");
  g_main_loop_quit(server->loop);
  return G_SOURCE_REMOVE;
}

static void watch_idleness(Server *server, guint open)
{
  g_clear_handle_id(&server->idle_timer, g_source_remove);
  if (server->settings->exit_idle_time && open == 0)
    server->idle_timer = g_timeout_add(server->settings->exit_idle_time, idle_out, server);
}

static gboolean publish_status(gpointer data)
{
  Server *server = data;
  RacerCounts counts = count(server);
  g_autofree char *status = racer_status(server->settings->endpoints, counts.open, counts.failed);

  server->status_timer = 0;
  g_atomic_int_set(&server->dirty, FALSE);
  sd_notifyf(FALSE, "STATUS=%s", status);
  watch_idleness(server, counts.open);
  return G_SOURCE_REMOVE;
}

static void leave_when_drained(Server *server)
{
  g_atomic_int_set(&server->dirty, FALSE);
  if (count(server).open == 0)
    g_main_loop_quit(server->loop);
}

static gboolean take_news(int fd, GIOCondition condition, gpointer data)
{
  Server *server = data;
  eventfd_t n;

  eventfd_read(fd, &n);
  if (server->draining)
    leave_when_drained(server);
  else if (!server->status_timer)
    server->status_timer = g_timeout_add(STATUS_INTERVAL_MSEC, publish_status, server);
  return G_SOURCE_CONTINUE;
}

/* In a worker's thread. One wake-up for all that happens until the main thread looks. */
static void worker_changed(gpointer data)
{
  Server *server = data;

  if (g_atomic_int_compare_and_exchange(&server->dirty, FALSE, TRUE))
    eventfd_write(server->news, 1);
}

static gboolean drained_long_enough(gpointer data)
{
  Server *server = data;

  g_main_loop_quit(server->loop);
  return G_SOURCE_REMOVE;
}

/* systemd is told how long it takes, so that it does not kill. */
static void notify_draining(const Server *server)
{
  sd_notifyf(FALSE, "STOPPING=1\nEXTEND_TIMEOUT_USEC=%" G_GUINT64_FORMAT "\nSTATUS=Waiting for %u connections to end",
             (server->settings->drain_time + STOP_TIME_MSEC) * G_GUINT64_CONSTANT(1000), count(server).open);
}

static gboolean can_hand_over(void)
{
  if (!racer_handover_is_understood()) {
    g_message("the program was replaced by one that cannot go on with connections of this one: waiting for them to end");
    return FALSE;
  }
  if (racer_store_is_there())
    return TRUE;
  g_message("the service has no store of file descriptors: waiting for connections to end");
  return FALSE;
}

/* What is still open stays open in systemd's hands: nothing may be closed in an orderly way, and each step would cost time. */
static void hand_over(Server *server)
{
  guint lost = 0;

  sd_notify(FALSE, "STOPPING=1");
  for (guint i = 0; i < server->workers->len; i++)
    lost += racer_worker_hand_over(server->workers->pdata[i]);
  if (lost > 0)
    g_warning("%u connections were reset: no room for them in the store of file descriptors (FileDescriptorStoreMax=)", lost);
  racer_store_settle();
  _exit(0);
}

static gboolean drain(gpointer data)
{
  Server *server = data;

  if (server->draining) {
    g_main_loop_quit(server->loop);
    return G_SOURCE_CONTINUE;
  }
  server->draining = TRUE;
  g_clear_handle_id(&server->status_timer, g_source_remove);
  g_clear_handle_id(&server->idle_timer, g_source_remove);
  set_accepting(server, FALSE);
  if (count(server).open > 0 && can_hand_over())
    hand_over(server);
  notify_draining(server);
  g_timeout_add(server->settings->drain_time, drained_long_enough, server);
  leave_when_drained(server);
  return G_SOURCE_CONTINUE;
}

static void set_targets(RacerTargets *targets, gpointer data)
{
  Server *server = data;

  g_clear_pointer(&server->targets, racer_targets_unref);
  server->targets = racer_targets_ref(targets);
  for (guint i = 0; server->workers && i < server->workers->len; i++)
    racer_worker_set_targets(server->workers->pdata[i], targets);
}

static void use_settings(Server *server, RacerSettings *settings)
{
  g_clear_pointer(&server->names, racer_names_free);
  g_clear_pointer(&server->settings, racer_settings_free);
  server->settings = settings;
  server->names = racer_names_new(settings, set_targets, server);
}

static gboolean reload(gpointer data)
{
  Server *server = data;
  g_autoptr(GError) error = NULL;

  sd_notifyf(FALSE, "RELOADING=1\nMONOTONIC_USEC=%" G_GINT64_FORMAT, g_get_monotonic_time());
  RacerSettings *settings = racer_settings_load(server->path, &error);
  if (settings)
    use_settings(server, settings);
  else
    neo_log_failure(error);
  sd_notify(FALSE, "READY=1");
  publish_status(server);
  return G_SOURCE_CONTINUE;
}

/* As many file descriptors as the system gives: the soft limit is only there for programs that use select(2). */
static guint raise_fd_limit(void)
{
  struct rlimit limit;

  if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
    return 1024;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  return MIN(limit.rlim_cur, G_MAXINT);
}

static guint connection_limit(const RacerSettings *settings)
{
  guint fds = raise_fd_limit(), each = settings->crash_safe ? FDS_OF_A_SAFE_CONNECTION : FDS_OF_A_CONNECTION;
  guint possible = fds > SPARE_FDS + each ? (fds - SPARE_FDS) / each : 1;

  return settings->max_connections ? MIN(settings->max_connections, possible) : possible;
}

/* The names go first: what the workers put in again has another one. */
static void resume(Server *server)
{
  guint unknown;
  g_autoptr(GPtrArray) survivors = racer_handover_read(server->lockers, &unknown);

  for (guint i = 0; i < server->locker_names->len; i++)
    racer_store_remove(server->locker_names->pdata[i]);
  g_clear_pointer(&server->lockers, g_array_unref);
  for (guint i = 0, n = server->workers->len; i < n; i++) {
    g_autoptr(GPtrArray) share = g_ptr_array_new();
    for (guint j = i; j < survivors->len; j += n)
      g_ptr_array_add(share, survivors->pdata[j]);
    racer_worker_resume(server->workers->pdata[i], share);
  }
  if (survivors->len > 0)
    g_message("went on with %u connections of the process before", survivors->len);
  if (unknown > 0)
    g_warning("reset %u connections of another version of the program", unknown);
}

static gboolean is_crash_safe(const RacerSettings *settings)
{
  if (!settings->crash_safe)
    return FALSE;
  gboolean safe = racer_store_is_there();
  if (!safe)
    g_warning("CrashSafe=yes without effect: the service has no store of file descriptors (FileDescriptorStoreMax=)");
  return safe;
}

static gboolean start_workers(Server *server, GError **error)
{
  gboolean crash_safe = is_crash_safe(server->settings);
  g_autofree char *lockers = racer_handover_name();
  guint limit = connection_limit(server->settings);
  guint n = MIN(MIN(g_get_num_processors(), MAX_WORKERS), limit);

  server->workers = g_ptr_array_new_with_free_func((GDestroyNotify)racer_worker_free);
  for (guint i = 0; i < n; i++) {
    RacerWorker *worker = racer_worker_new(server->listeners, limit / n + (i < limit % n), server->targets, lockers,
                                           crash_safe, worker_changed, server, error);
    if (!worker)
      return FALSE;
    g_ptr_array_add(server->workers, worker);
  }
  return TRUE;
}

static gboolean start(Server *server, RacerSettings *settings, GError **error)
{
  use_settings(server, settings);
  server->listeners = racer_listeners_open(settings, &server->lockers, &server->locker_names, error);
  if (!server->listeners)
    return FALSE;
  server->news = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (server->news < 0)
    return neo_error_set_errno(error, errno, "eventfd");
  if (!start_workers(server, error))
    return FALSE;
  resume(server);
  return TRUE;
}

/*
 * Before there is a connection that a signal could cut off. The sources stay until the process ends: taking a signal's away would
 * let a second SIGTERM kill.
 */
static void take_signals(Server *server)
{
  g_unix_signal_add(SIGTERM, drain, server);
  g_unix_signal_add(SIGINT, drain, server);
  g_unix_signal_add(SIGHUP, reload, server);
  signal(SIGPIPE, SIG_IGN); /* splice(2) has no flag like MSG_NOSIGNAL */
}

static void serve(Server *server)
{
  g_unix_fd_add(server->news, G_IO_IN, take_news, server);
  sd_notify(FALSE, "READY=1");
  publish_status(server);
  g_main_loop_run(server->loop);
}

static void clear(Server *server)
{
  g_clear_handle_id(&server->status_timer, g_source_remove);
  g_clear_handle_id(&server->idle_timer, g_source_remove);
  g_clear_pointer(&server->names, racer_names_free);
  g_clear_pointer(&server->workers, g_ptr_array_unref);
  g_clear_pointer(&server->listeners, g_array_unref);
  g_clear_pointer(&server->lockers, g_array_unref);
  g_clear_pointer(&server->locker_names, g_ptr_array_unref);
  g_clear_pointer(&server->targets, racer_targets_unref);
  g_clear_pointer(&server->settings, racer_settings_free);
  g_clear_pointer(&server->loop, g_main_loop_unref);
  if (server->news >= 0)
    close(server->news);
}

gboolean racer_server_run(const char *path, GError **error)
{
  Server server = { .path = path, .news = -1 };
  RacerSettings *settings = racer_settings_load(path, error);

  if (!settings)
    return FALSE;
  take_signals(&server);
  server.loop = g_main_loop_new(NULL, FALSE);
  gboolean started = start(&server, settings, error);
  if (started)
    serve(&server);
  clear(&server);
  return started;
}
