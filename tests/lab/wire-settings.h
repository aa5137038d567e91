/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define NSEC_PER_SEC 1000000000ULL
/** How many words settings_apply() knows. */
#define N_SETTINGS 6

/** What the wire does to frames, the same in both directions. Any thread may read and change it at any time. */
typedef struct {
  _Atomic uint64_t delay_ns, jitter_ns, queue_ns;
  _Atomic uint64_t loss_ppb;
  _Atomic uint64_t rate_bps; /* 0 is without limit */
  _Atomic uint64_t cut;
} Settings;

/** Applies all "name=value" words of @line, which it changes; or, after writing what is wrong to @reply, none. */
bool settings_apply(Settings *settings, char *line, FILE *reply);

/** Writes one line of the words that settings_apply() reads. */
void settings_print(const Settings *settings, FILE *reply);
