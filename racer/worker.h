/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

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
 * least 1); what comes beyond waits in the kernel's queue.
 */
RacerWorker *racer_worker_new(const GArray *listeners, guint limit, RacerTargets *targets,
                              RacerWorkerChanged changed, gpointer data, GError **error);

/** Resets all connections of the worker, ends its thread and waits for it. */
void racer_worker_free(RacerWorker *worker);

/** New connections, and races that wait for names, use @targets from now on. */
void racer_worker_set_targets(RacerWorker *worker, RacerTargets *targets);

/** Whether the worker accepts connections. Returns after it has taken effect. */
void racer_worker_set_accepting(RacerWorker *worker, gboolean accepting);

RacerCounts racer_worker_counts(const RacerWorker *worker);
