/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>
#include <sys/epoll.h>

/*
 * The event loop of a worker: edge-triggered file descriptors, timers, and tasks that go on in the next turn.
 * One thread only. What is freed in the middle of a turn goes through racer_loop_bury(), so that events that the
 * kernel has already delivered find memory that is still theirs.
 */
typedef struct RacerLoop RacerLoop;

typedef struct RacerSource RacerSource;
struct RacerSource {
  int fd; /**< -1: closed, its events are passed over */
  void (*dispatch)(RacerSource *source, guint32 events);
};

typedef struct RacerTimer RacerTimer;
struct RacerTimer {
  gint64 due; /**< monotonic microseconds */
  guint place; /**< 1-based place in the heap; 0: not set */
  void (*fire)(RacerTimer *timer);
};

typedef struct RacerTask RacerTask;
struct RacerTask {
  GList link;
  gboolean queued;
  void (*run)(RacerTask *task);
};

RacerLoop *racer_loop_new(GError **error);
void racer_loop_free(RacerLoop *loop);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RacerLoop, racer_loop_free)

/** Watches @source->fd for @events (epoll_ctl(2)). FALSE with errno set if the kernel refuses. */
gboolean racer_loop_add(RacerLoop *loop, RacerSource *source, guint32 events);

/** From now on the events of @fd go to @source; those that stand are delivered again. */
gboolean racer_loop_move(RacerLoop *loop, int fd, RacerSource *source, guint32 events);
void racer_loop_remove(RacerLoop *loop, RacerSource *source);

/** Sets @timer to @due; a timer that is set already is moved. */
void racer_loop_set_timer(RacerLoop *loop, RacerTimer *timer, gint64 due);
void racer_loop_clear_timer(RacerLoop *loop, RacerTimer *timer);

/** Runs @task once in the next turn. */
void racer_loop_queue(RacerLoop *loop, RacerTask *task);
void racer_loop_unqueue(RacerLoop *loop, RacerTask *task);

/** Frees @memory with g_free() at the end of this turn. */
void racer_loop_bury(RacerLoop *loop, gpointer memory);

/** When this turn began, in monotonic microseconds. */
gint64 racer_loop_now(const RacerLoop *loop);

/** Waits for events and handles them. */
void racer_loop_turn(RacerLoop *loop);
