/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "racer/loop.h"

#include <errno.h>
#include <unistd.h>

#include "common/error.h"
#include "racer/timers.h"

#define MAX_EVENTS 256

/* The number is another one each time a file descriptor comes to be watched: the kernel may still tell of a file before. */
typedef struct {
  RacerSource *source; /* NULL: nobody's */
  guint32 number;
} Watch;

struct RacerLoop {
  int epoll;
  GArray *watches; /* Watch, by file descriptor */
  gint64 now;
  guint64 turns;
  GPtrArray *timers;
  GPtrArray *graves;
  GQueue tasks;
};

RacerLoop *racer_loop_new(GError **error)
{
  int epoll = epoll_create1(EPOLL_CLOEXEC);

  if (epoll < 0) {
    neo_error_set_errno(error, errno, "epoll_create1");
    return NULL;
  }
  RacerLoop *loop = g_new0(RacerLoop, 1);
  loop->epoll = epoll;
  loop->watches = g_array_new(FALSE, TRUE, sizeof(Watch));
  loop->now = g_get_monotonic_time();
  loop->timers = g_ptr_array_new();
  loop->graves = g_ptr_array_new_with_free_func(g_free);
  return loop;
}

void racer_loop_free(RacerLoop *loop)
{
  close(loop->epoll);
  g_array_unref(loop->watches);
  g_ptr_array_unref(loop->timers);
  g_ptr_array_unref(loop->graves);
  g_free(loop);
}

static Watch *watch_of(const RacerLoop *loop, int fd)
{
  return &g_array_index(loop->watches, Watch, fd);
}

gboolean racer_loop_add(RacerLoop *loop, RacerSource *source, guint32 events)
{
  if ((guint)source->fd >= loop->watches->len)
    g_array_set_size(loop->watches, source->fd + 1);
  Watch *watch = watch_of(loop, source->fd);
  struct epoll_event event = { .events = events, .data.u64 = (guint64)++watch->number << 32 | (guint)source->fd };
  gboolean added = epoll_ctl(loop->epoll, EPOLL_CTL_ADD, source->fd, &event) == 0;

  watch->source = added ? source : NULL;
  return added;
}

void racer_loop_move(RacerLoop *loop, RacerSource *source)
{
  watch_of(loop, source->fd)->source = source;
}

/* A source that could not be added may have no watch. */
void racer_loop_forget(RacerLoop *loop, const RacerSource *source)
{
  if ((guint)source->fd < loop->watches->len)
    watch_of(loop, source->fd)->source = NULL;
}

void racer_loop_remove(RacerLoop *loop, const RacerSource *source)
{
  racer_loop_forget(loop, source);
  epoll_ctl(loop->epoll, EPOLL_CTL_DEL, source->fd, NULL);
}

void racer_loop_set_timer(RacerLoop *loop, RacerTimer *timer, gint64 due)
{
  racer_timers_set(loop->timers, timer, due);
}

void racer_loop_clear_timer(RacerLoop *loop, RacerTimer *timer)
{
  racer_timers_clear(loop->timers, timer);
}

void racer_loop_queue(RacerLoop *loop, RacerTask *task)
{
  if (task->queued)
    return;
  task->queued = TRUE;
  task->link = (GList){ .data = task };
  g_queue_push_tail_link(&loop->tasks, &task->link);
}

void racer_loop_unqueue(RacerLoop *loop, RacerTask *task)
{
  if (task->queued)
    g_queue_unlink(&loop->tasks, &task->link);
  task->queued = FALSE;
}

void racer_loop_bury(RacerLoop *loop, gpointer memory)
{
  g_ptr_array_add(loop->graves, memory);
}

gint64 racer_loop_now(const RacerLoop *loop)
{
  return loop->now;
}

guint64 racer_loop_turns(const RacerLoop *loop)
{
  return loop->turns;
}

/* Milliseconds until something is due, rounded up; -1: nothing is. */
static int wait_time(const RacerLoop *loop)
{
  const RacerTimer *first = racer_timers_first(loop->timers);

  if (loop->tasks.length > 0)
    return 0;
  if (!first)
    return -1;
  gint64 left = first->due - g_get_monotonic_time();
  return left <= 0 ? 0 : (int)MIN((left + 999) / 1000, G_MAXINT);
}

static void run_tasks(RacerLoop *loop)
{
  for (guint n = loop->tasks.length; n > 0 && loop->tasks.length > 0; n--) {
    RacerTask *task = g_queue_peek_head(&loop->tasks);
    racer_loop_unqueue(loop, task);
    task->run(task);
  }
}

static void fire_timers(RacerLoop *loop)
{
  RacerTimer *first;

  while ((first = racer_timers_first(loop->timers)) && first->due <= loop->now) {
    racer_timers_clear(loop->timers, first);
    first->fire(first);
  }
}

static void dispatch(const RacerLoop *loop, const struct epoll_event *event)
{
  Watch *watch = watch_of(loop, (guint32)event->data.u64);

  if (watch->source && watch->number == event->data.u64 >> 32)
    watch->source->dispatch(watch->source, event->events);
}

void racer_loop_turn(RacerLoop *loop)
{
  struct epoll_event events[MAX_EVENTS];
  int n = epoll_wait(loop->epoll, events, MAX_EVENTS, wait_time(loop));

  loop->now = g_get_monotonic_time();
  loop->turns++;
  for (int i = 0; i < n; i++)
    dispatch(loop, &events[i]);
  run_tasks(loop);
  fire_timers(loop);
  g_ptr_array_set_size(loop->graves, 0);
}
