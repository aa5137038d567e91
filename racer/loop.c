/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "racer/loop.h"

#include <errno.h>
#include <unistd.h>

#include "common/error.h"
#include "racer/timers.h"

#define MAX_EVENTS 256

struct RacerLoop {
  int epoll;
  gint64 now;
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
  loop->now = g_get_monotonic_time();
  loop->timers = g_ptr_array_new();
  loop->graves = g_ptr_array_new_with_free_func(g_free);
  return loop;
}

void racer_loop_free(RacerLoop *loop)
{
  close(loop->epoll);
  g_ptr_array_unref(loop->timers);
  g_ptr_array_unref(loop->graves);
  g_free(loop);
}

gboolean racer_loop_add(RacerLoop *loop, RacerSource *source, guint32 events)
{
  struct epoll_event event = { .events = events, .data.ptr = source };

  return epoll_ctl(loop->epoll, EPOLL_CTL_ADD, source->fd, &event) == 0;
}

gboolean racer_loop_move(RacerLoop *loop, int fd, RacerSource *source, guint32 events)
{
  struct epoll_event event = { .events = events, .data.ptr = source };

  return epoll_ctl(loop->epoll, EPOLL_CTL_MOD, fd, &event) == 0;
}

void racer_loop_remove(RacerLoop *loop, RacerSource *source)
{
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

void racer_loop_turn(RacerLoop *loop)
{
  struct epoll_event events[MAX_EVENTS];
  int n = epoll_wait(loop->epoll, events, MAX_EVENTS, wait_time(loop));

  loop->now = g_get_monotonic_time();
  for (int i = 0; i < n; i++) {
    RacerSource *source = events[i].data.ptr;
    if (source->fd >= 0)
      source->dispatch(source, events[i].events);
  }
  run_tasks(loop);
  fire_timers(loop);
  g_ptr_array_set_size(loop->graves, 0);
}
