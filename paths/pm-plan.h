/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "paths/pm-pairing.h"

/** In the order in which they are done. */
typedef enum {
  NEO_PM_REMOVE,   /**< tell the peer that the address with @subflow's local_id is gone */
  NEO_PM_DESTROY,  /**< close @subflow; one that was not answered yet is only forgotten */
  NEO_PM_ANNOUNCE, /**< announce @subflow's local address */
  NEO_PM_CREATE,   /**< join; the local id is still to be given */
} NeoPmStepKind;

typedef struct {
  NeoPmStepKind kind;
  NeoPmSubflow subflow;
} NeoPmStep;

/** What to do with @connection now (NeoPmStep), in order; the caller owns the array. Pure. */
GArray *neo_pm_plan(const NeoPmConnection *connection, const NeoPmHost *host, const NeoPmSettings *settings, gint64 now);
