/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>
#include <sys/socket.h>

#include "racer/settings.h"

/** One address that a race connects to. */
typedef struct {
  RacerEndpoint *endpoint;
  struct sockaddr_storage address;
  socklen_t length;
  guint priority;  /**< those of a lower number are asked first (SRV records) */
  guint weight;    /**< its share among others of its priority; at least 1 */
  gint avoid_until; /**< Policy=spread: it was late or failed; monotonic seconds; atomic */
  gint usual_usec; /**< how long it took to connect when it won, averaged; 0: never won; atomic */
} RacerTarget;

/**
 * What races run against: a snapshot of the settings and of the names' addresses, made by the main thread and shared
 * with the workers by reference. It does not change, except for what races leave behind for the next ones.
 */
typedef struct {
  gatomicrefcount references;
  RacerSocketOptions sockets;
  guint race;  /**< RacerRaceMode */
  guint policy; /**< RacerPolicy */
  guint connect_timeout, idle_timeout, remember;
  GArray *addresses;  /**< RacerTarget */
  GPtrArray *unknown; /**< "NAME:PORT: reason" of the names that have no address */
  gboolean pending;   /**< a name is being looked up for the first time: a later snapshot will say more */
  gint favourite;     /**< 1-based place in @addresses of the last winner of a whole race, 0: none; atomic */
  gint favourite_until; /**< in monotonic seconds; atomic */
} RacerTargets;

/** A snapshot without addresses. */
RacerTargets *racer_targets_new(const RacerSettings *settings);

/** @weight: of an SRV record, where 0 is the least. */
void racer_targets_add(RacerTargets *targets, RacerEndpoint *endpoint, const NeoAddress *address, guint priority, guint weight);

/**
 * The address that has a head start, or NULL: with Remember= the last winner; with Policy=spread any of those that are near the
 * fastest, by chance and weight. @now: monotonic microseconds.
 */
RacerTarget *racer_targets_favourite(RacerTargets *targets, gint64 now);

/** How long the favourite may take before the others are asked, in microseconds. */
guint racer_targets_patience(const RacerTargets *targets, const RacerTarget *favourite);

/** Leaves for the next races that @target, one of @targets, was connected to in @usec; @whole: against all others. */
void racer_targets_learn(RacerTargets *targets, RacerTarget *target, guint usec, gboolean whole, gint64 now);

/** The favourite failed or was late: the next race has none, or another. */
void racer_targets_forget(RacerTargets *targets, RacerTarget *favourite, gint64 now);

/** The target at this @address from the same source as @endpoint, or NULL. */
RacerTarget *racer_targets_find(RacerTargets *targets, const struct sockaddr_storage *address, const RacerEndpoint *endpoint);

/** Whether @a ought to be asked before @b: of a lower priority; then known to be faster, a known one before an unknown one. */
gboolean racer_target_precedes(const RacerTarget *a, const RacerTarget *b);

RacerTargets *racer_targets_ref(RacerTargets *targets);
void racer_targets_unref(RacerTargets *targets);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RacerTargets, racer_targets_unref)
