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
} RacerTarget;

/**
 * What races run against: an immutable snapshot of the settings and of the names' addresses, made by the main
 * thread and shared with the workers by reference.
 */
typedef struct {
  gatomicrefcount references;
  guint mptcp; /**< RacerMptcp */
  guint connect_timeout, idle_timeout, keep_alive;
  GArray *addresses;  /**< RacerTarget */
  GPtrArray *unknown; /**< "NAME:PORT: reason" of the names that have no address */
  gboolean pending;   /**< a name is being looked up for the first time: a later snapshot will say more */
} RacerTargets;

/** A snapshot without addresses. */
RacerTargets *racer_targets_new(const RacerSettings *settings);
void racer_targets_add(RacerTargets *targets, RacerEndpoint *endpoint, const NeoAddress *address);

RacerTargets *racer_targets_ref(RacerTargets *targets);
void racer_targets_unref(RacerTargets *targets);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RacerTargets, racer_targets_unref)
