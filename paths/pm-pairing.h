/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "paths/pm-model.h"

/** Which paths join to which remotes. */
typedef enum {
  NEO_PM_SPREAD,   /**< each path to one remote, evenly */
  NEO_PM_FULLMESH, /**< each path to each remote */
  NEO_PM_DIRECT,   /**< each path to the initial address */
} NeoPmPairing;

typedef struct {
  NeoPmPairing pairing;
  guint max_subflows; /**< on one connection, the initial one included */
} NeoPmSettings;

/** A local address that works, and the interface that its subflows are bound to (0: none). */
typedef struct {
  NeoAddress address;
  int link;
} NeoPmPath;

/** The one of @paths (NeoPmPath) with this address, or NULL; it stays theirs. */
const NeoPmPath *neo_pm_find_path(const GArray *paths, const NeoAddress *address);

/** What the host has at the moment. */
typedef struct {
  GArray *paths;   /**< NeoPmPath */
  GArray *locals;  /**< NeoPmPath: all addresses on links that run, those of @paths among them */
  GArray *gone;    /**< NeoAddress: addresses that were in @locals once and are not any more */
  GArray *signals; /**< NeoPmRemote: what to announce on accepted connections; port 0: the connection's own */
} NeoPmHost;

/** A subflow that a connection should have. */
typedef struct {
  NeoPmPath path;
  NeoPmRemote remote;
  gboolean backup; /**< carries data only when nothing else does */
} NeoPmPair;

/**
 * The subflows (NeoPmPair) that @connection should have now; the caller owns the array. Pure.
 *
 * Spread: each path, and the address of the initial subflow, carries one subflow, because two subflows of unlike round
 * trip over one shaped address cost throughput. The numbers of paths per remote differ by one at most; the initial
 * address comes first. What is there stays, and paths move to another remote only where the numbers differ by two or
 * more. A pair of addresses that failed is left out until its waiting time is over. Remotes that no path is left for get
 * a backup subflow: they cost nothing and take over within a round trip.
 *
 * Direct: as spread, but each path leads to the first remote that it can, which is the initial one while that works, and all
 * the others get a backup subflow.
 */
GArray *neo_pm_pair(const NeoPmConnection *connection, const NeoPmHost *host, const NeoPmSettings *settings, gint64 now);
