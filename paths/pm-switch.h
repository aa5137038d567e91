/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "paths/conf.h"
#include "paths/desire.h"
#include "paths/pm.h"

/** Decides which path manager serves the network namespace, and runs Neo's own where it is that. */
typedef struct {
  NeoKernel *kernel;
  NeoPmReport report; /**< told what fails and heals; may be NULL */
  NeoPmSettings settings;
  NeoPm *pm;          /**< NULL while the kernel's is in charge */
} NeoPmSwitch;

/**
 * Follows the configuration and what the engine has seen: @paths (NeoPath) are the paths in @seen. PathManager=auto starts
 * Neo's path manager when there are more addresses on paths than the kernel's takes, or if it ran before a crash, and keeps
 * it until neo_pm_switch_off(): a path that is down for a moment is no reason to give new connections to another one.
 */
gboolean neo_pm_switch_update(NeoPmSwitch *pm_switch, const NeoPathsConf *conf, const NeoObserved *seen, const GArray *paths, GError **error);

/** Gives new connections to the kernel's path manager again. */
gboolean neo_pm_switch_off(NeoPmSwitch *pm_switch, GError **error);

/** Frees the path manager and leaves everything as it is, for the next process to go on with. */
void neo_pm_switch_clear(NeoPmSwitch *pm_switch);
