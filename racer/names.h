/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "racer/targets.h"

/*
 * Keeps the addresses of the endpoints that are names, with GResolver in the main context: looked up at once, again
 * each Refresh= after an answer and each 5 seconds after a failure. A failure keeps the addresses that were known.
 * The same for SRV records and the names in them.
 */
typedef struct RacerNames RacerNames;

/** Called at once and whenever the addresses changed; @targets is the callee's to ref. */
typedef void (*RacerNamesChanged)(RacerTargets *targets, gpointer data);

RacerNames *racer_names_new(const RacerSettings *settings, RacerNamesChanged changed, gpointer data);
void racer_names_free(RacerNames *names);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RacerNames, racer_names_free)
