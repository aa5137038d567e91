/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "paths/kernel.h"
#include "paths/plan.h"

/**
 * Does the operations of @plan (NeoOperation) in order. After a failure it goes on with those that do not depend on the one that
 * failed, and *@error says all failures, one in each line. What is already as wanted is no failure.
 */
gboolean neo_apply(NeoKernel *kernel, const GArray *plan, GError **error);
