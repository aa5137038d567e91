/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "racer/worker.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/error.h"
#include "racer/connection.h"
#include "racer/socket.h"

/* Connections taken from one queue before those that are open have their turn. */
#define ACCEPT_BATCH 32
/* How long accepting rests when the system has no file descriptor or memory left. */
#define REST_USEC (100 * 1000)

typedef struct {
  RacerSource source;
  RacerWorker *worker;
  guint64 turn; /* in which the queue last had a client */
} Listener;

struct RacerWorker {
  RacerShared shared;
  RacerSource wake; /* an eventfd: other threads have set an order */
  RacerTimer rest;
  Listener *listeners;
  guint n_listeners, limit;
  gboolean listening; /* the listeners are in the loop */
  gboolean leaves;    /* when this turn is over, all connections are handed over */
  gint accepting, quit; /* atomic */
  RacerWorkerChanged changed;
  gpointer data;
  GThread *thread;

  GMutex mutex; /* for what follows: the orders of other threads */
  GCond obeyed;
  RacerTargets *new_targets;
  GPtrArray *survivors;  /* to be resumed; the caller's */
  gboolean leaving;      /* all connections are to be handed over */
  guint lost;
  gboolean is_obeyed;
};

static gboolean is_full(const RacerWorker *worker)
{
  return (guint)g_atomic_int_get(&worker->shared.open) >= worker->limit;
}

static gboolean should_listen(const RacerWorker *worker)
{
  return g_atomic_int_get(&worker->accepting) && !is_full(worker) && worker->rest.place == 0;
}

/* EPOLLEXCLUSIVE: a connection wakes one worker, not all. */
static void update_listening(RacerWorker *worker)
{
  if (worker->listening == should_listen(worker))
    return;
  worker->listening = !worker->listening;
  for (guint i = 0; i < worker->n_listeners; i++)
    if (worker->listening)
      racer_loop_add(worker->shared.loop, &worker->listeners[i].source, EPOLLIN | EPOLLEXCLUSIVE);
    else
      racer_loop_remove(worker->shared.loop, &worker->listeners[i].source);
}

static void rest_fire(RacerTimer *timer)
{
  update_listening((RacerWorker *)((char *)timer - G_STRUCT_OFFSET(RacerWorker, rest)));
}

static gboolean is_exhausted(int errnum)
{
  return errnum == EMFILE || errnum == ENFILE || errnum == ENOMEM || errnum == ENOBUFS;
}

/* A queue that had clients in the turn before is emptied. Otherwise one is taken: a call that finds nothing costs as much. */
static guint expected_clients(Listener *listener)
{
  guint64 turn = racer_loop_turns(listener->worker->shared.loop), last = listener->turn;

  listener->turn = turn;
  return turn == last + 1 ? ACCEPT_BATCH : 1;
}

static void accept_clients(RacerSource *source, guint32 events)
{
  Listener *listener = (Listener *)source;
  RacerWorker *worker = listener->worker;

  for (guint n = expected_clients(listener); n > 0 && !is_full(worker); n--) {
    int fd = accept4(source->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0 && is_exhausted(errno))
      racer_loop_set_timer(worker->shared.loop, &worker->rest, racer_loop_now(worker->shared.loop) + REST_USEC);
    if (fd < 0)
      break;
    racer_connection_start(&worker->shared, fd);
    worker->changed(worker->data);
  }
  update_listening(worker);
}

static void connection_closed(gpointer data)
{
  RacerWorker *worker = data;

  update_listening(worker);
  worker->changed(worker->data);
}

static void obey(RacerSource *source, guint32 events)
{
  RacerWorker *worker = (RacerWorker *)((char *)source - G_STRUCT_OFFSET(RacerWorker, wake));
  eventfd_t count;

  eventfd_read(source->fd, &count);
  g_mutex_lock(&worker->mutex);
  if (worker->new_targets) {
    racer_targets_unref(worker->shared.targets);
    worker->shared.targets = g_steal_pointer(&worker->new_targets);
    racer_connections_update(&worker->shared);
  }
  for (guint i = 0; worker->survivors && i < worker->survivors->len; i++)
    racer_connection_resume(&worker->shared, worker->survivors->pdata[i]);
  worker->survivors = NULL;
  update_listening(worker);
  worker->leaves = worker->leaving;
  worker->is_obeyed = TRUE;
  g_cond_signal(&worker->obeyed);
  g_mutex_unlock(&worker->mutex);
}

static gpointer worker_main(gpointer data)
{
  RacerWorker *worker = data;

  while (!g_atomic_int_get(&worker->quit) && !worker->leaves)
    racer_loop_turn(worker->shared.loop);
  if (worker->leaves)
    worker->lost = racer_connections_hand_over(&worker->shared);
  else
    racer_connections_abort(&worker->shared);
  return NULL;
}

static void init_listeners(RacerWorker *worker, const GArray *listeners)
{
  worker->n_listeners = listeners->len;
  worker->listeners = g_new0(Listener, listeners->len);
  for (guint i = 0; i < listeners->len; i++)
    worker->listeners[i] = (Listener){ { g_array_index(listeners, int, i), accept_clients }, worker };
}

RacerWorker *racer_worker_new(const GArray *listeners, guint limit, RacerTargets *targets, const char *lockers, gboolean crash_safe,
                              RacerWorkerChanged changed, gpointer data, GError **error)
{
  g_autoptr(RacerLoop) loop = racer_loop_new(error);
  int wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

  if (!loop || wake < 0) {
    if (loop)
      neo_error_set_errno(error, errno, "eventfd");
    return NULL;
  }
  RacerWorker *worker = g_new0(RacerWorker, 1);
  worker->shared = (RacerShared){ .loop = g_steal_pointer(&loop), .targets = racer_targets_ref(targets),
                                  .closed = connection_closed, .data = worker };
  worker->wake = (RacerSource){ wake, obey };
  worker->rest.fire = rest_fire;
  worker->limit = limit;
  worker->accepting = TRUE;
  worker->changed = changed;
  worker->data = data;
  racer_pool_init(&worker->shared.pool);
  worker->shared.lockers = racer_lockers_new(lockers);
  worker->shared.crash_safe = crash_safe && racer_pool_stow(&worker->shared.pool, worker->shared.lockers);
  init_listeners(worker, listeners);
  racer_loop_add(worker->shared.loop, &worker->wake, EPOLLIN);
  update_listening(worker);
  worker->thread = g_thread_new("worker", worker_main, worker);
  return worker;
}

/* The mutex is held. */
static void wait_until_obeyed(RacerWorker *worker)
{
  worker->is_obeyed = FALSE;
  eventfd_write(worker->wake.fd, 1);
  while (!worker->is_obeyed)
    g_cond_wait(&worker->obeyed, &worker->mutex);
}

void racer_worker_set_targets(RacerWorker *worker, RacerTargets *targets)
{
  g_mutex_lock(&worker->mutex);
  g_clear_pointer(&worker->new_targets, racer_targets_unref);
  worker->new_targets = racer_targets_ref(targets);
  wait_until_obeyed(worker);
  g_mutex_unlock(&worker->mutex);
}

void racer_worker_set_accepting(RacerWorker *worker, gboolean accepting)
{
  g_atomic_int_set(&worker->accepting, accepting);
  g_mutex_lock(&worker->mutex);
  wait_until_obeyed(worker);
  g_mutex_unlock(&worker->mutex);
}

void racer_worker_resume(RacerWorker *worker, GPtrArray *survivors)
{
  g_mutex_lock(&worker->mutex);
  worker->survivors = survivors;
  wait_until_obeyed(worker);
  g_mutex_unlock(&worker->mutex);
}

guint racer_worker_hand_over(RacerWorker *worker)
{
  g_mutex_lock(&worker->mutex);
  worker->leaving = TRUE;
  eventfd_write(worker->wake.fd, 1);
  g_mutex_unlock(&worker->mutex);
  g_thread_join(worker->thread);
  return worker->lost;
}

RacerCounts racer_worker_counts(const RacerWorker *worker)
{
  return (RacerCounts){ g_atomic_int_get(&worker->shared.open), g_atomic_int_get(&worker->shared.failed) };
}

void racer_worker_free(RacerWorker *worker)
{
  g_atomic_int_set(&worker->quit, TRUE);
  eventfd_write(worker->wake.fd, 1);
  g_thread_join(worker->thread);
  close(worker->wake.fd);
  racer_pool_clear(&worker->shared.pool);
  racer_lockers_free(worker->shared.lockers);
  racer_targets_unref(worker->shared.targets);
  g_clear_pointer(&worker->new_targets, racer_targets_unref);
  racer_loop_free(worker->shared.loop);
  g_free(worker->listeners);
  g_mutex_clear(&worker->mutex);
  g_cond_clear(&worker->obeyed);
  g_free(worker);
}
