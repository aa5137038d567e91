/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "paths/conf.h"
#include "paths/kernel.h"
#include "paths/model.h"

/**
 * Reads the network namespace: links, addresses, the routes that matter for @tables, Neo's rules, MPTCP endpoints and
 * limits. Starts again, some times, when a table changed while it was read. NULL on error.
 */
NeoObserved *neo_observe(NeoKernel *kernel, const NeoTables *tables, GError **error);
