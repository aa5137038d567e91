/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "cli/status-connections.h"
#include "paths/conf.h"
#include "paths/desire.h"
#include "paths/kernel.h"

/** What the path engine knows of this host, and what it would want; see neo_observe() and neo_desire(). */
typedef struct {
  NeoObserved *seen;
  NeoDesired *desired;
  gboolean mptcp_seen;    /**< MPTCP endpoints were readable for this user */
  GHashTable *lifetimes;  /**< of addresses: NeoAddress * (owned) to seconds as GUINT_TO_POINTER(); what is not in it lasts */
} NeoGatewayView;

/** Reads the kernel. Without the privilege to read MPTCP endpoints the rest is read, and @mptcp_seen is FALSE. NULL on error. */
NeoGatewayView *neo_gateway_view(NeoKernel *kernel, const NeoPathsConf *conf, GError **error);
void neo_gateway_view_free(NeoGatewayView *view);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NeoGatewayView, neo_gateway_view_free)

/** Adds the paths of @view to @status, in the order of their tables. Macvlans that have no table yet come last. Pure. */
void neo_status_take_paths(NeoStatus *status, const NeoGatewayView *view);
