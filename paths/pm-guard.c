/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "paths/pm-guard.h"

#include <errno.h>

#include "paths/pm-diag.h"
#include "paths/pm-silence.h"

#define BUSY_MS 50
#define IDLE_MS 1000

/* A look that took this long is followed by 20 times as much without one. */
#define SHARE 20

struct NeoPmGuard {
  NeoNetlink *diag;
  NeoPmGuardReport report;
  NeoPmSilence *silence;
  guint source;
  gboolean idle;    /* the next look is the one of an idle second */
  gboolean useless; /* the kernel cannot close sockets */
};

static void tell(const NeoPmGuard *guard, const NeoPmSocket *socket, const char *what)
{
  g_autofree char *local = neo_address_to_string(&socket->subflow.local), *remote = neo_address_to_string(&socket->subflow.remote);
  g_autofree char *line = g_strdup_printf("subflow from %s to %s port %u %s", local, remote, socket->subflow.remote_port, what);

  if (guard->report)
    guard->report(line);
}

static void close_silent(NeoPmGuard *guard, const NeoPmSocket *socket)
{
  g_autoptr(GError) error = NULL;
  int errnum = 0;

  if (neo_pm_diag_close(guard->diag, socket, &errnum, &error)) {
    tell(guard, socket, "fell silent: closed, so that its data goes by the others");
    return;
  }
  guard->useless = errnum == EOPNOTSUPP;
  if (errnum != ENOENT)
    tell(guard, socket, error->message);
}

static void look_at_subflows(NeoPmGuard *guard)
{
  g_autoptr(GArray) subflows = neo_pm_diag_subflows(guard->diag, NULL);
  g_autoptr(GArray) silent = subflows ? neo_pm_silence_judge(guard->silence, subflows, g_get_monotonic_time()) : NULL;

  for (guint i = 0; silent && i < silent->len && !guard->useless; i++)
    close_silent(guard, &g_array_index(silent, NeoPmSocket, i));
}

static void schedule(NeoPmGuard *guard, guint milliseconds);

static gboolean look(gpointer data)
{
  NeoPmGuard *guard = data;
  gint64 start = g_get_monotonic_time();
  g_autoptr(GArray) connections = neo_pm_diag_connections(guard->diag, NULL);
  NeoPmActivity activity = connections ? neo_pm_silence_look(guard->silence, connections) : NEO_PM_IDLE;

  guard->source = 0;
  if (activity == NEO_PM_STUCK)
    look_at_subflows(guard);
  guint rest = (g_get_monotonic_time() - start) * SHARE / G_TIME_SPAN_MILLISECOND;
  if (activity != NEO_PM_ALONE)
    schedule(guard, MAX(activity == NEO_PM_IDLE ? IDLE_MS : BUSY_MS, rest));
  guard->idle = activity == NEO_PM_IDLE;
  return G_SOURCE_REMOVE;
}

static void schedule(NeoPmGuard *guard, guint milliseconds)
{
  if (!guard->source && !guard->useless)
    guard->source = g_timeout_add(milliseconds, look, guard);
}

NeoPmGuard *neo_pm_guard_new(NeoNetlink *diag, NeoPmGuardReport report)
{
  NeoPmGuard *guard = g_new0(NeoPmGuard, 1);

  *guard = (NeoPmGuard){ .diag = diag, .report = report, .silence = neo_pm_silence_new() };
  return guard;
}

void neo_pm_guard_wake(NeoPmGuard *guard)
{
  if (guard->idle)
    g_clear_handle_id(&guard->source, g_source_remove);
  guard->idle = FALSE;
  schedule(guard, BUSY_MS);
}

void neo_pm_guard_free(NeoPmGuard *guard)
{
  if (!guard)
    return;
  g_clear_handle_id(&guard->source, g_source_remove);
  neo_pm_silence_free(guard->silence);
  g_free(guard);
}
