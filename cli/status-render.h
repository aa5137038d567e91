/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "cli/status-model.h"

/** Connections that are listed unless all are asked for. */
enum { NEO_STATUS_SHOWN = 5 };

/** @status for a person at a terminal of @width columns; @all shows each connection and not only the first. The caller owns it. */
char *neo_status_to_text(const NeoStatus *status, guint width, gboolean all);

/** @status as a JSON object; the members are those of neo-status(8). The caller owns it. */
char *neo_status_to_json(const NeoStatus *status);
