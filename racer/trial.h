/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <sys/socket.h>

#include "racer/settings.h"

/** How one address did in a trial. */
typedef struct {
  char *endpoint, *address; /**< as written, and as connected to; @address NULL if the name has none */
  guint connect_usec;       /**< if @failure is NULL */
  gboolean mptcp, winner;
  char *failure;

  RacerEndpoint *source; /**< where it was connected from; referenced */
  struct sockaddr_storage sockaddr;
  socklen_t length;
  gint64 started; /**< monotonic microseconds */
  int fd;         /**< -1: not under way */
} RacerTrial;

/**
 * Connects to each endpoint of @settings at the same time, waits until each has answered or ConnectTimeout= is over,
 * and closes them. Names are looked up first. Returns an array of RacerTrial, one for each address, in the order of the endpoints.
 */
GArray *racer_trial_run(const RacerSettings *settings);

/** The result as a table for people, or as a JSON array. The caller owns the text. */
char *racer_trial_table(const GArray *trials);
char *racer_trial_json(const GArray *trials);
