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

/** Fills the rates of @sockets' subflows from what they had moved in @before (NULL: not measured). An array of NeoTraffic that the caller owns. */
GArray *neo_sockets_traffic(const NeoSockets *sockets, const NeoSockets *before);

/**
 * Adds the connections of @sockets to @status, and what they carry to its paths. Rates are those since @before (may be NULL).
 * @locals (NeoLocal) and @links (NeoLink) tell the interfaces. Pure.
 */
void neo_status_take_sockets(NeoStatus *status, const NeoSockets *sockets, const NeoSockets *before, const GArray *locals,
                             const GArray *links, const NeoRoutes *routes);
