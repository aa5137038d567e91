/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "racer/handover.h"
#include "racer/loop.h"
#include "racer/targets.h"

/** What the connections of a worker share. The counters are read by other threads. */
typedef struct {
  RacerLoop *loop;
  RacerPool pool;
  RacerLockers *lockers; /**< for connections that outlive the process */
  gboolean crash_safe;   /**< they are put there when they are established, not only at the end */
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

/** Goes on with a connection of the process before; takes from @survivor what it needs. */
void racer_connection_resume(RacerShared *shared, RacerSurvivor *survivor);

/** Lets running races know of @shared->targets. */
void racer_connections_update(RacerShared *shared);

/** Resets all connections. */
void racer_connections_abort(RacerShared *shared);

/**
 * Puts all connections into the lockers. After that the loop must not turn any more and nothing must be closed. Returns how
 * many the lockers did not take.
 */
guint racer_connections_hand_over(RacerShared *shared);
