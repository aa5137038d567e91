/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "paths/pm-model.h"

/*
 * A subflow that fell silent while it sends. The kernel sends what was in flight on it elsewhere only when another subflow has
 * nothing at all in flight, at its next timeout (net/mptcp/sched.c), and a receiver that waits for the gap waits for as long: 0.3 to
 * 1.1 s. When the subflow is closed all of that is sent on the others at once.
 *
 * Silent: data is in flight, no acknowledgement came for a round trip and four deviations (RFC 6298), at least for NEO_PM_SILENT, and what
 * was sent again at the timeout was not answered either: a burst of losses has no other sign than that timeout. It is closed if another subflow of its connection was acknowledged meanwhile, so that it is the path and not the peer, and if two looks say so.
 *
 * A peer whose application reads slowly drops what it has no room for and does not acknowledge it either: an acknowledgement that leaves
 * less room than NEO_PM_WINDOW proves nothing.
 */

/** The least time without an acknowledgement (microseconds): that of a round trip on a mobile network, and the kernel's least timeout. */
#define NEO_PM_SILENT (200 * G_TIME_SPAN_MILLISECOND)

/** The least room of a peer that takes what arrives (bytes): what a segmented send may bring at once. */
#define NEO_PM_WINDOW (64 * 1024)

/** What is to be remembered from one look to the next. */
typedef struct {
  GHashTable *connections; /**< guint32 token to the first byte that was not acknowledged */
  GHashTable *subflows;    /**< cookie to how long it was silent */
} NeoPmSilence;

NeoPmSilence *neo_pm_silence_new(void);
void neo_pm_silence_free(NeoPmSilence *silence);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NeoPmSilence, neo_pm_silence_free)

/** What a look at the connections says. */
typedef enum {
  NEO_PM_ALONE, /**< none has two subflows */
  NEO_PM_IDLE,  /**< none that has waits for an acknowledgement */
  NEO_PM_BUSY,  /**< one waits and gets on */
  NEO_PM_STUCK, /**< one waits, and has not got on since the last look */
} NeoPmActivity;

/** Takes in a dump of connections (NeoPmSocket). Pure but for @silence. */
NeoPmActivity neo_pm_silence_look(NeoPmSilence *silence, const GArray *connections);

/** Takes in a dump of subflows (NeoPmSocket) at @now (monotonic microseconds); returns those to be closed. The caller owns the array. */
GArray *neo_pm_silence_judge(NeoPmSilence *silence, const GArray *subflows, gint64 now);
