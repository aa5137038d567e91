/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "racer/handover.h"
#include "racer/targets.h"

/** A thread that accepts connections and relays them. */
typedef struct RacerWorker RacerWorker;

/** What a worker has done; a snapshot. */
typedef struct {
  guint open, failed;
} RacerCounts;

/** Called in the worker's thread when a connection was opened or closed. Must be quick. */
typedef void (*RacerWorkerChanged)(gpointer data);

/**
 * Starts a worker that accepts from @listeners (int, they stay the caller's) up to @limit connections at a time (at
 * least 1); what comes beyond waits in the kernel's queue. @lockers: the name of its lockers; @crash_safe: whether
 * connections are put there when they are established.
 */
RacerWorker *racer_worker_new(const GArray *listeners, guint limit, RacerTargets *targets, const char *lockers, gboolean crash_safe,
                              RacerWorkerChanged changed, gpointer data, GError **error);

/** Resets all connections of the worker, ends its thread and waits for it. */
void racer_worker_free(RacerWorker *worker);

/** New connections, and races that wait for names, use @targets from now on. */
void racer_worker_set_targets(RacerWorker *worker, RacerTargets *targets);

/** Whether the worker accepts connections. Returns after it has taken effect. */
void racer_worker_set_accepting(RacerWorker *worker, gboolean accepting);

/** Goes on with these connections (RacerSurvivor; the array stays the caller's). Returns after it has been done. */
void racer_worker_resume(RacerWorker *worker, GPtrArray *survivors);

/**
 * Puts all connections into lockers and stops: the process has to end, without freeing the worker. Returns how many
 * connections were lost because no locker took them.
 */
guint racer_worker_hand_over(RacerWorker *worker);

RacerCounts racer_worker_counts(const RacerWorker *worker);
