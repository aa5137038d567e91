/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "paths/pm-model.h"

/*
 * What bounds the joins of a connection, whatever its peer announces and refuses: a pair of addresses that failed waits, and a connection
 * gets only so many joins in a time. Announced addresses may be anybody's, so this also bounds the SYNs that a peer can have sent to others.
 */

/** Pairs of addresses of which a failure is kept: four remotes for each of the most subflows. Beyond that, the one that waits least is forgotten. */
#define NEO_PM_MAX_FAILED 1024

/** Joins that a connection may ask for at once, more than its most subflows, and after how long (microseconds) each comes free again. */
#define NEO_PM_JOIN_BURST 256
#define NEO_PM_JOIN_INTERVAL (G_USEC_PER_SEC / 32)

/** The table of NeoPmConnection's retries. */
GHashTable *neo_pm_retries_new(void);

/** Notes a failure between two addresses: twice the last waiting time, from 1 s up to 60 s. */
void neo_pm_connection_failed(NeoPmConnection *connection, const NeoAddress *local, const NeoAddress *remote, gint64 now);

/** Forgets failures from @local, whose network has changed. */
void neo_pm_connection_forgive(NeoPmConnection *connection, const NeoAddress *local);

/** Whether a join between these addresses has to wait. */
gboolean neo_pm_connection_waits(const NeoPmConnection *connection, const NeoAddress *local, const NeoAddress *remote, gint64 now);

/** How many joins may be asked for now. */
guint neo_pm_connection_joins_left(const NeoPmConnection *connection, gint64 now);

/** Notes that one was. */
void neo_pm_connection_spend_join(NeoPmConnection *connection, gint64 now);

/** When the next waiting time is over or, where no join is left, the next one comes free (monotonic microseconds); G_MAXINT64: nothing waits. */
gint64 neo_pm_connection_next_try(const NeoPmConnection *connection, gint64 now);
