/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "racer/loop.h"
#include "racer/targets.h"

/*
 * The race of one connection: connects to all addresses at once (Race=staggered: one after the other, each with a
 * delay); the first that is established wins. A favourite (Remember=) runs alone until it is late.
 *   running: attempts are under way, or names are pending; ended by a win, by the last failure, by the
 *            deadline or by racer_race_free()
 *   over:    @done was called, once; nothing happens any more
 */
typedef struct RacerRace RacerRace;

/** What a race brought. */
typedef struct {
  int fd;                  /**< the established connection, now the callee's; -1: all failed */
  RacerEndpoint *endpoint; /**< the winner, to be referenced */
  guint connect_usec;
  gboolean mptcp;
  guint32 events;          /**< with which it came; EPOLLOUT at least */
} RacerResult;

/** Called from the loop, never from within the functions below. The callee frees the race. */
typedef void (*RacerRaceDone)(RacerRace *race, const RacerResult *result, gpointer data);

/** Starts a race. The first attempts are under way when it returns. */
RacerRace *racer_race_new(RacerLoop *loop, RacerTargets *targets, RacerRaceDone done, gpointer data);

/** Lets new addresses (of names that were pending) take part. Does not call done. */
void racer_race_update(RacerRace *race, RacerTargets *targets);

/** Closes all attempts that did not win. */
void racer_race_free(RacerRace *race);

/** "ENDPOINT: reason" for each that failed, ended by NULL; the caller owns it. */
char **racer_race_failures(const RacerRace *race);
