/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "paths/desire.h"

/** What the steps of neo_desire() share. */
typedef struct {
  const NeoObserved *seen;
  const NeoPathsConf *conf;
  NeoDesired *desired; /**< its paths are known */
} NeoDesireContext;

/*
 * The values that are not Neo's own but the host's: while there are paths they are as the paths need them, with a mark
 * where what they were is not the kernel's default; afterwards they are as they were, unless somebody changed them meanwhile.
 */

void neo_desire_limits(NeoDesireContext *context);
void neo_desire_sysctls(NeoDesireContext *context);
