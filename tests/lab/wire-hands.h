/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "tests/lab/wire-ring.h"
#include "tests/lab/wire-shaper.h"

/** One direction of the wire. Who holds @serving owns all but the settings; the atomic values anyone may read. */
typedef struct {
  const char *name;
  const Settings *settings;
  int in, out; /* TAPs */
  Ring ring;
  Shaper shaper;
  atomic_flag serving;
  _Atomic uint64_t next_due_ns; /* UINT64_MAX without frames */
  _Atomic uint64_t turns;       /* how often a hand found something to do */
  _Atomic uint64_t passed, bytes, lost, full;
} Direction;

#define N_DIRECTIONS 2

/** Starts the threads that carry frames, each on its share of the processors. Ends the program when it cannot. */
void hands_start(Direction directions[N_DIRECTIONS]);
