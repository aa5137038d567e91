/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "paths/desire.h"
#include "paths/kernel.h"

/** What a run of the engine found and did. */
typedef struct {
  GPtrArray *plan;    /**< char *, a line for each operation */
  GArray *complaints; /**< NeoComplaint */
  NeoObserved *seen;  /**< how things were before */
  GArray *found;      /**< NeoPath: the paths in @seen */
  guint paths;        /**< interfaces that are paths */
  guint addresses;    /**< addresses with a rule */
  guint endpoints;    /**< of these, with an MPTCP endpoint (Neo's or another's) */
} NeoEngineResult;

void neo_engine_result_free(NeoEngineResult *result);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NeoEngineResult, neo_engine_result_free)

/**
 * Observes, desires, plans and, unless @dry_run, applies, with the lock that keeps two runs of this host apart.
 * NULL if the kernel could not be read. If only operations failed, the result comes with *@ret_failures set, one
 * line for each (owned by the caller).
 */
NeoEngineResult *neo_engine_run(NeoKernel *kernel, const NeoPathsConf *conf, const NeoRequest *request, gboolean dry_run,
                                GError **ret_failures, GError **error);
