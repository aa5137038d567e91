/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>
#include <sys/epoll.h>

/*
 * The event loop of a worker: edge-triggered file descriptors, timers, and tasks that go on in the next turn.
 * One thread only. The loop itself notes whose the events of a file descriptor are, and drops what the kernel delivers
 * when they are nobody's any more. What is freed in the middle of a turn goes through racer_loop_bury().
 */
typedef struct RacerLoop RacerLoop;

typedef struct RacerSource RacerSource;
struct RacerSource {
  int fd; /**< -1: closed */
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

/**
 * From now on the events of @source->fd, which is watched, go to @source. Those that were delivered are not delivered
 * again. The kernel has no part in it.
 */
void racer_loop_move(RacerLoop *loop, RacerSource *source);

/** No events go to @source any more. For what is closed next, which is all that the kernel needs. */
void racer_loop_forget(RacerLoop *loop, const RacerSource *source);

/** The same for what stays open. */
void racer_loop_remove(RacerLoop *loop, const RacerSource *source);

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

/** How many turns there were; this one counts. */
guint64 racer_loop_turns(const RacerLoop *loop);

/** Waits for events and handles them. */
void racer_loop_turn(RacerLoop *loop);
