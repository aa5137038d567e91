/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "paths/desire.h"
#include "paths/pm-pairing.h"

/**
 * The addresses in @seen that the path manager uses: *@ret_paths those of paths on links that run, without the deprecated,
 * the temporary and those that lead nowhere, and *@ret_locals all on links that run. Both NeoPmPath, owned by the caller. Pure.
 */
void neo_pm_addresses(const NeoObserved *seen, const GArray *paths, GArray **ret_paths, GArray **ret_locals);
