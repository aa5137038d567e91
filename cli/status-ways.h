/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "cli/status-model.h"

/**
 * Appends which paths have joined through which relay to @text, as a table of at most @width columns, behind an empty line. Nothing if no subflow goes
 * through a relay: the figures of paths say it all then.
 */
void neo_status_print_ways(const NeoStatus *status, guint width, GString *text);
