/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/** One line for people: "3 open; won: px:443 12 (31240 us), ra:443 0; failed 0", with how long the last connect that won took. @endpoints: of RacerEndpoint. The caller owns it. */
char *racer_status(const GPtrArray *endpoints, guint open, guint failed);
