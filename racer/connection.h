/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "racer/loop.h"
#include "racer/pool.h"
#include "racer/targets.h"

/** What the connections of a worker share. The counters are read by other threads. */
typedef struct {
  RacerLoop *loop;
  RacerPool pool;
  RacerTargets *targets; /**< for new connections */
  GQueue racing;         /**< connections without a winner */
  GQueue relaying;
  gint open;             /**< atomic */
  gint failed;           /**< races that nobody won; atomic */
  void (*closed)(gpointer data); /**< a connection ended */
  gpointer data;
} RacerShared;

/** Takes the accepted socket @fd (non-blocking) and starts its race. */
void racer_connection_start(RacerShared *shared, int fd);

/** Lets running races know of @shared->targets. */
void racer_connections_update(RacerShared *shared);

/** Resets all connections. */
void racer_connections_abort(RacerShared *shared);
