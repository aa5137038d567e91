/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "cli/sockets.h"
#include "cli/status-model.h"
#include "paths/model.h"

/** Where connections lead, as far as racers' files say it: of each the first endpoint is the proxy, the others are ways to it. */
typedef struct {
  GArray *direct, *relays; /**< NeoAddress */
} NeoRoutes;

NeoRoutes *neo_routes_new(void);
void neo_routes_free(NeoRoutes *routes);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NeoRoutes, neo_routes_free)

/** Whether a subflow to @remote goes through a relay. What no file names is one if it was announced (@remote_id is not 0). */
gboolean neo_routes_is_relay(const NeoRoutes *routes, const NeoAddress *remote, guint8 remote_id);

/** What each subflow had moved at one time. */
typedef struct NeoMoved NeoMoved;

/** @at: monotonic microseconds. */
NeoMoved *neo_moved_new(gint64 at);
void neo_moved_free(NeoMoved *moved);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NeoMoved, neo_moved_free)

void neo_moved_note(NeoMoved *moved, const NeoSubflowSocket *socket);

/** What @socket has moved, with rates since @before (NULL: not measured). @at: monotonic microseconds, now. */
NeoTraffic neo_moved_traffic(const NeoMoved *before, const NeoSubflowSocket *socket, gint64 at);

/** Adds sockets to a status as they come from the kernel, connections before subflows, and keeps sums rather than sockets. */
typedef struct NeoTally NeoTally;

/** What a tally needs to know of the host; all of it stays the caller's for as long as the tally lives. */
typedef struct {
  const GArray *locals;    /**< NeoLocal */
  const GArray *links;     /**< NeoLink */
  const NeoRoutes *routes;
  const NeoMoved *before;  /**< for rates; may be NULL */
  NeoMoved *now;           /**< takes what each subflow has moved; may be NULL */
  gint64 at;               /**< monotonic microseconds */
  guint detailed;          /**< subflows are listed of so many connections only, those that have moved most; 0: of all */
} NeoTallyView;

/** @status has its paths already, and gets no more of them. */
NeoTally *neo_tally_new(NeoStatus *status, const NeoTallyView *view);
void neo_tally_free(NeoTally *tally);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NeoTally, neo_tally_free)

/** These fit neo_sockets_each(), with the tally as @data. */
void neo_tally_connection(const NeoMptcpSocket *socket, gpointer data);
void neo_tally_subflow(const NeoSubflowSocket *socket, gpointer data);
