/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "racer/race.h"

/* What the journal learns of each connection. The fields are documented in neo-racer(8). */

/** A race was won: level debug, written only where G_MESSAGES_DEBUG names neo (or all). */
void racer_journal_won(const RacerResult *result);

/** Nobody won: level warning, with each endpoint's reason ("ENDPOINT: reason", ended by NULL). */
void racer_journal_lost(char *const *failures);
