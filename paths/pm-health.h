/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "paths/pm-model.h"

/*
 * A path that is up but dead. A subflow over which nothing moves for a second, while the connection moves more than a
 * subflow that worked would have been left out of, is checked: a second join between the same addresses. If that is
 * answered the path is well, and the second subflow takes the place of the first: the scheduler may have had no use for it, or the peer may
 * have closed it while the path was silent, which is not seen here until something is sent on it. The next check waits 2, 4 ... 60 seconds.
 * If it is not answered the subflow is parked: its path is free to join to another remote, and the parked one is closed when that is up. It
 * comes back by itself when something moves over it.
 */

/** How long nothing moves over a subflow before it is checked, and how long the answer may take (microseconds). */
#define NEO_PM_STILL G_USEC_PER_SEC
#define NEO_PM_ANSWER (1500 * G_TIME_SPAN_MILLISECOND)

/** How much the others have to move meanwhile (bytes). */
#define NEO_PM_OTHERS (512 * 1024)

/** Takes in the counters of a dump (NeoPmSocket). Whether anything has moved since the last one. */
gboolean neo_pm_health_count(NeoPmModel *model, const GArray *sockets, gint64 now);

/** Works out which subflows of @connection are to be checked (their @checking is set and no join is under way) and which are parked. */
void neo_pm_health_judge(NeoPmConnection *connection, gint64 now);
