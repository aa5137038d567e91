/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "paths/pm.h"

#include <errno.h>
#include <glib-unix.h>
#include <sys/socket.h>

#include "common/error.h"
#include "paths/pm-actions.h"
#include "paths/pm-announced.h"
#include "paths/pm-diag.h"
#include "paths/pm-filter.h"
#include "paths/pm-guard.h"
#include "paths/pm-health.h"
#include "paths/pm-plan.h"
#include "paths/pm-retry.h"
#include "paths/pm-select.h"
#include "paths/pm-uapi.h"

/* How often the counters of subflows are read while something moves, and while nothing does. */
#define COUNT_MS 500
#define COUNT_STILL_MS 4000

/* A peer that announces nonsense on each of many connections is told of no more often than this. */
#define REFUSED_US (10 * G_USEC_PER_SEC)

/* Room for the events of some thousand subflows while the daemon does something else. */
#define EVENT_BUFFER (4 * 1024 * 1024)

struct NeoPm {
  NeoKernel *kernel;
  const NeoPmSettings *settings;
  NeoPmReport report;
  NeoNetlink *events, *diag;
  NeoPmModel *model;
  NeoPmGuard *guard;
  NeoPmHost host;
  gint64 refused_at; /* when the user was last told of a refused announcement; 0: never */
  guint event_source, timer_source, count_source;
};

/* --- steps --- */

static void forget_subflow(NeoPmConnection *connection, const NeoPmSubflow *subflow)
{
  for (guint i = 0; i < connection->subflows->len; i++) {
    const NeoPmSubflow *known = &g_array_index(connection->subflows, NeoPmSubflow, i);
    if (known->local_port == subflow->local_port && known->remote_port == subflow->remote_port &&
        neo_address_equal(&known->local, &subflow->local) && neo_address_equal(&known->remote, &subflow->remote)) {
      neo_pm_connection_forget(connection, i);
      return;
    }
  }
}

static void forget_announced(NeoPmConnection *connection, guint8 id)
{
  for (guint i = connection->announced->len; i-- > 0;)
    if (g_array_index(connection->announced, NeoPmRemote, i).id == id)
      g_array_remove_index(connection->announced, i);
}

/* What the model knows after a step. A step that the kernel refused was overtaken by an event that is still to come. */
static void note_step(NeoPmConnection *connection, const NeoPmStep *step, gboolean done, gint64 now)
{
  const NeoPmSubflow *subflow = &step->subflow;
  NeoPmRemote announced = {
    .address = subflow->local, .port = subflow->local_port, .id = subflow->local_id, .backup = subflow->backup,
  };

  switch (step->kind) {
  case NEO_PM_REMOVE:
    forget_announced(connection, subflow->local_id);
    break;
  case NEO_PM_DESTROY:
    forget_subflow(connection, subflow);
    break;
  case NEO_PM_ANNOUNCE:
    neo_pm_connection_announced(connection, &announced, now);
    break;
  case NEO_PM_CREATE:
    neo_pm_connection_spend_join(connection, now);
    if (done)
      neo_pm_connection_joining(connection, subflow);
    else
      neo_pm_connection_failed(connection, &subflow->local, &subflow->remote, now);
    break;
  }
}

static void report_failure(NeoPm *pm, const NeoPmStep *step, const GError *error)
{
  g_autofree char *local = neo_address_to_string(&step->subflow.local), *remote = neo_address_to_string(&step->subflow.remote);
  g_autofree char *line = g_strdup_printf("join from %s to %s port %u: %s", local, remote, step->subflow.remote_port, error->message);

  if (pm->report && step->kind == NEO_PM_CREATE)
    pm->report(line);
}

static gboolean ask(NeoPm *pm, const NeoPmConnection *connection, const NeoPmStep *step, int *ret_errno, GError **error)
{
  return neo_pm_do(pm->kernel->generic, pm->kernel->mptcp_family, connection->token, step, ret_errno, error);
}

/*
 * The kernel forgets the identifier of an address with the first of its subflows that is closed by SUBFLOW_DESTROY, and then refuses to
 * withdraw it (mptcp_userspace_pm_delete_local_addr, Linux 6.18). The peer, which cannot see a link that is down, would go on using the others.
 */
static gboolean remove_forgotten(NeoPm *pm, const NeoPmConnection *connection, const NeoPmStep *step)
{
  NeoPmStep announce = { NEO_PM_ANNOUNCE, { .local = step->subflow.local, .local_id = step->subflow.local_id } };
  int errnum;

  return step->subflow.local_id && ask(pm, connection, &announce, &errnum, NULL) && ask(pm, connection, step, &errnum, NULL);
}

/* FALSE if the connection is none of ours (any more). */
static gboolean take_step(NeoPm *pm, NeoPmConnection *connection, NeoPmStep *step, gint64 now)
{
  g_autoptr(GError) error = NULL;
  int errnum = 0;
  gboolean done = TRUE;

  if (step->kind == NEO_PM_CREATE) {
    int id = neo_pm_connection_id(connection, &step->subflow.local);
    if (id < 0)
      return TRUE;
    step->subflow.local_id = id;
  }
  /* A join that was not answered has no port yet by which it could be closed. */
  if (step->kind != NEO_PM_DESTROY || step->subflow.local_port)
    done = ask(pm, connection, step, &errnum, &error);
  if (!done && errnum == EINVAL && step->kind == NEO_PM_REMOVE)
    done = remove_forgotten(pm, connection, step);
  if (!done && errnum == EINVAL && !neo_pm_owns(pm->kernel->generic, pm->kernel->mptcp_family, connection->token))
    return FALSE;
  if (!done)
    report_failure(pm, step, error);
  note_step(connection, step, done, now);
  return TRUE;
}

/* Does what @connection needs. */
static void look_at(NeoPm *pm, NeoPmConnection *connection, gint64 now)
{
  connection->looked_for = FALSE;
  neo_pm_health_judge(connection, now);
  g_autoptr(GArray) steps = neo_pm_plan(connection, &pm->host, pm->settings, now);
  gint key = connection->token;

  for (guint i = 0; i < steps->len; i++)
    if (!take_step(pm, connection, &g_array_index(steps, NeoPmStep, i), now)) {
      g_hash_table_remove(pm->model->connections, &key);
      return;
    }
  connection->next = neo_pm_connection_next(connection, now);
}

/* --- when --- */

static GArray *list_tokens(const NeoPm *pm)
{
  GArray *tokens = g_array_new(FALSE, FALSE, sizeof(guint32));
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init(&iter, pm->model->connections);
  while (g_hash_table_iter_next(&iter, NULL, &value))
    g_array_append_val(tokens, ((NeoPmConnection *)value)->token);
  return tokens;
}

static void look_at_tokens(NeoPm *pm, const GArray *tokens)
{
  gint64 now = g_get_monotonic_time();

  for (guint i = 0; i < tokens->len; i++) {
    NeoPmConnection *connection = neo_pm_model_find(pm->model, g_array_index(tokens, guint32, i));
    if (connection)
      look_at(pm, connection, now);
  }
}

static gboolean take_time(gpointer data);

static void set_timer(NeoPm *pm)
{
  gint64 now = g_get_monotonic_time(), next = 0;
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init(&iter, pm->model->connections);
  while (g_hash_table_iter_next(&iter, NULL, &value)) {
    gint64 at = ((NeoPmConnection *)value)->next;
    if (at && (!next || at < next))
      next = at;
  }
  if (pm->timer_source)
    g_source_remove(pm->timer_source);
  pm->timer_source = next ? g_timeout_add(MAX(next - now, 0) / 1000 + 1, take_time, pm) : 0;
}

static gboolean take_time(gpointer data)
{
  NeoPm *pm = data;
  gint64 now = g_get_monotonic_time();
  g_autoptr(GArray) tokens = list_tokens(pm);

  pm->timer_source = 0;
  for (guint i = tokens->len; i-- > 0;) {
    const NeoPmConnection *connection = neo_pm_model_find(pm->model, g_array_index(tokens, guint32, i));
    if (!connection->next || connection->next > now)
      g_array_remove_index_fast(tokens, i);
  }
  look_at_tokens(pm, tokens);
  set_timer(pm);
  return G_SOURCE_REMOVE;
}

static void look_at_all(NeoPm *pm)
{
  g_autoptr(GArray) tokens = list_tokens(pm);

  look_at_tokens(pm, tokens);
  set_timer(pm);
}

/* Only where there is a choice a subflow can be a bad one. */
static GArray *list_countable(const NeoPm *pm)
{
  GArray *tokens = list_tokens(pm);

  for (guint i = tokens->len; i-- > 0;) {
    const NeoPmConnection *connection = neo_pm_model_find(pm->model, g_array_index(tokens, guint32, i));
    if (connection->server_side || connection->subflows->len < 2)
      g_array_remove_index_fast(tokens, i);
  }
  return tokens;
}

static void set_count_timer(NeoPm *pm, gboolean moved);

static gboolean count(gpointer data)
{
  NeoPm *pm = data;
  g_autoptr(GArray) sockets = neo_pm_diag_dump(pm->diag, NULL), tokens = list_countable(pm);
  gboolean moved = sockets && neo_pm_health_count(pm->model, sockets, g_get_monotonic_time());

  pm->count_source = 0;
  look_at_tokens(pm, tokens);
  set_timer(pm);
  set_count_timer(pm, moved);
  return G_SOURCE_REMOVE;
}

static void set_count_timer(NeoPm *pm, gboolean moved)
{
  g_autoptr(GArray) tokens = list_countable(pm);

  if (tokens->len && !pm->count_source)
    pm->count_source = g_timeout_add(moved ? COUNT_MS : COUNT_STILL_MS, count, pm);
}

/* --- what the kernel says --- */

/* The kernel does not report changes of MPTCP endpoints; a failure to read them leaves what is known. */
static void refresh_signals(NeoPm *pm)
{
  GArray *signals = neo_pm_read_signals(pm->kernel->generic, pm->kernel->mptcp_family, NULL);

  if (!signals)
    return;
  g_autoptr(GArray) marked = neo_pm_read_marked(pm->kernel->route, NULL);
  if (marked)
    neo_pm_apply_marked(signals, marked, pm->host.signals);
  g_clear_pointer(&pm->host.signals, g_array_unref);
  pm->host.signals = signals;
}

static gboolean learn(NeoPm *pm, GError **error)
{
  g_autoptr(GArray) sockets = neo_pm_diag_dump(pm->diag, error);

  if (!sockets)
    return FALSE;
  neo_pm_model_learn(pm->model, sockets, g_get_monotonic_time());
  return TRUE;
}

static void report_refused(NeoPm *pm, NeoPmConnection *connection, const NeoPmEvent *event, const char *why, gint64 now)
{
  if (!pm->report || connection->server_side || connection->refused_told || (pm->refused_at && now - pm->refused_at < REFUSED_US))
    return;
  g_autofree char *peer = neo_address_to_string(&g_array_index(connection->remotes, NeoPmRemote, 0).address);
  g_autofree char *address = neo_address_to_string(&event->remote);
  g_autofree char *line = g_strdup_printf("%s announced %s, which is %s, and is not joined to; nor are others like it, of which nothing is said",
                                          peer, address, why);
  connection->refused_told = TRUE;
  pm->refused_at = now;
  pm->report(line);
}

static void take_events(NeoPm *pm, char *buffer, gssize length, GArray *tokens)
{
  int rest = length;

  for (struct nlmsghdr *message = (struct nlmsghdr *)buffer; mnl_nlmsg_ok(message, rest); message = mnl_nlmsg_next(message, &rest)) {
    const char *refused = NULL;
    NeoPmEvent event;
    if (message->nlmsg_type != pm->kernel->mptcp_family || !neo_pm_parse_event(message, &event) || !event.token)
      continue;
    gint64 now = g_get_monotonic_time();
    NeoPmConnection *connection = neo_pm_filter_apply(pm->model, &pm->host, &event, now, &refused);
    if (refused)
      report_refused(pm, connection, &event, refused, now);
    if (connection && !refused && !connection->looked_for) {
      connection->looked_for = TRUE;
      g_array_append_val(tokens, event.token);
    }
    if (connection && connection->server_side && event.kind == NEO_PM_ESTABLISHED)
      refresh_signals(pm);
  }
}

static gboolean read_events(gint fd, GIOCondition condition, gpointer data)
{
  NeoPm *pm = data;
  g_autoptr(GArray) tokens = g_array_new(FALSE, FALSE, sizeof(guint32));
  char buffer[16 * 1024] __attribute__((aligned(NLMSG_ALIGNTO)));
  gssize length;

  while ((length = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT)) > 0)
    take_events(pm, buffer, length, tokens);
  /* Events were lost: what is there now says as much. */
  if (errno == ENOBUFS && learn(pm, NULL))
    look_at_all(pm);
  look_at_tokens(pm, tokens);
  set_timer(pm);
  set_count_timer(pm, TRUE);
  neo_pm_guard_wake(pm->guard);
  return G_SOURCE_CONTINUE;
}

/* --- the outside --- */

static NeoNetlink *open_events(NeoKernel *kernel, GError **error)
{
  g_autoptr(NeoNetlink) events = neo_netlink_open(NETLINK_GENERIC, 0, error);
  guint16 family;
  guint32 group = 0;
  int size = EVENT_BUFFER;

  if (!events || !neo_netlink_family(kernel->generic, MPTCP_PM_NAME, &family, MPTCP_PM_EV_GRP_NAME, &group, error))
    return NULL;
  /* As much as it gets; what is lost is learned again. */
  if (setsockopt(neo_netlink_fd(events), SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) < 0)
    setsockopt(neo_netlink_fd(events), SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  if (!neo_netlink_join(events, group, error))
    return NULL;
  return g_steal_pointer(&events);
}

NeoPm *neo_pm_start(NeoKernel *kernel, const NeoPmSettings *settings, NeoPmReport report, GError **error)
{
  g_autoptr(NeoPm) pm = g_new0(NeoPm, 1);

  pm->kernel = kernel;
  pm->settings = settings;
  pm->report = report;
  pm->model = neo_pm_model_new();
  pm->host.paths = g_array_new(FALSE, FALSE, sizeof(NeoPmPath));
  pm->host.locals = g_array_new(FALSE, FALSE, sizeof(NeoPmPath));
  pm->host.gone = g_array_new(FALSE, FALSE, sizeof(NeoAddress));
  pm->host.signals = g_array_new(FALSE, FALSE, sizeof(NeoPmRemote));
  /* In this order: the kernel refuses joins to connections that it has given to a userspace path manager that is not there. */
  pm->events = open_events(kernel, error);
  pm->diag = pm->events ? neo_netlink_open(NETLINK_SOCK_DIAG, 0, error) : NULL;
  if (!pm->diag || !neo_pm_select(TRUE, error) || !learn(pm, error))
    return NULL;
  pm->guard = neo_pm_guard_new(pm->diag, report);
  neo_pm_guard_wake(pm->guard);
  pm->event_source = g_unix_fd_add(neo_netlink_fd(pm->events), G_IO_IN | G_IO_ERR, read_events, pm);
  return g_steal_pointer(&pm);
}

/* Addresses of which the kernel's messages said once that they are here are known to be gone when they are missing. */
static void note_gone(NeoPmHost *host, const GArray *locals)
{
  for (guint i = host->gone->len; i-- > 0;)
    if (neo_pm_find_path(locals, &g_array_index(host->gone, NeoAddress, i)))
      g_array_remove_index(host->gone, i);
  for (guint i = 0; i < host->locals->len; i++) {
    const NeoPmPath *local = &g_array_index(host->locals, NeoPmPath, i);
    if (!neo_pm_find_path(locals, &local->address))
      g_array_append_val(host->gone, local->address);
  }
}

/* What failed from an address that was not here may be tried at once when it is. */
static void forgive_new(NeoPm *pm, const GArray *locals)
{
  GHashTableIter iter;
  gpointer value;

  for (guint i = 0; i < locals->len; i++) {
    const NeoPmPath *local = &g_array_index(locals, NeoPmPath, i);
    if (neo_pm_find_path(pm->host.locals, &local->address))
      continue;
    g_hash_table_iter_init(&iter, pm->model->connections);
    while (g_hash_table_iter_next(&iter, NULL, &value))
      neo_pm_connection_forgive(value, &local->address);
  }
}

void neo_pm_set_addresses(NeoPm *pm, const GArray *paths, const GArray *locals)
{
  note_gone(&pm->host, locals);
  forgive_new(pm, locals);
  g_array_set_size(pm->host.paths, 0);
  g_array_append_vals(pm->host.paths, paths->data, paths->len);
  g_array_set_size(pm->host.locals, 0);
  g_array_append_vals(pm->host.locals, locals->data, locals->len);
  refresh_signals(pm);
  look_at_all(pm);
  set_count_timer(pm, TRUE);
}

void neo_pm_free(NeoPm *pm)
{
  if (!pm)
    return;
  if (pm->event_source)
    g_source_remove(pm->event_source);
  if (pm->timer_source)
    g_source_remove(pm->timer_source);
  if (pm->count_source)
    g_source_remove(pm->count_source);
  neo_pm_guard_free(pm->guard);
  neo_netlink_free(pm->events);
  neo_netlink_free(pm->diag);
  neo_pm_model_free(pm->model);
  g_array_unref(pm->host.paths);
  g_array_unref(pm->host.locals);
  g_array_unref(pm->host.gone);
  g_array_unref(pm->host.signals);
  g_free(pm);
}
