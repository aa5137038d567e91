/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/** The directory for what lasts until the host is shut down; no state is kept in it. */
#define NEO_RUN_DIR "/run/neo"

/** The lock that keeps two runs of the engine apart: a file descriptor that holds it until it is closed. -1 on error. */
int neo_run_lock(GError **error);

/**
 * Takes the turn to watch for changes: a file descriptor that holds it until it is closed. -1 without *@error
 * if another process has it.
 */
int neo_turn_take(GError **error);
