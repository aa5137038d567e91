/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "paths/kernel.h"

/**
 * Serves the accepting side until SIGTERM or SIGINT: connections that are accepted in this network namespace take any number of
 * joins, and the MPTCP endpoints with the flag signal are announced on them. SIGHUP reads these again.
 */
gboolean neo_accept(NeoKernel *kernel, GError **error);
