/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "racer/pool.h"

/*
 * How connections outlive the program (restart, upgrade, crash).
 *
 *   told to end   Each worker puts its connections into lockers (racer/locker.h), bytes on the way with them, and leaves
 *                 without closing one. The next process takes all out and goes on.
 *   CrashSafe=yes They are in lockers from the moment they are established, and bytes on the way are only ever in the kernel:
 *                 in the sockets, or in pipes that are in lockers too. Nothing has to be done at the end.
 *
 * The other way to outlive a crash, a supervisor that shares its file descriptors with the worker (clone(2), CLONE_FILES) and starts
 * the next over them, was measured: a short connection costs 1 % more processor time than without, instead of 6 to 9 % with
 * lockers. But it ends with the worker where systemd kills the service as a whole (systemctl kill, systemd-oomd), which lockers
 * outlive.
 *
 * The listening sockets of Listen= are in the store as they are, from the start (racer/listeners.h).
 *
 * No state is handed over beside that: an end of file is read again where it was read before, a socket that was shut
 * is shut again. A race that is on is run again; what its client has sent is still in its socket.
 */

/** What is left of a connection. */
typedef struct {
  guint64 id;
  int client, peer; /**< peer -1: it has to be raced for */
  struct {
    RacerPipe *pipe; /**< has @size bytes; NULL: none */
    char *block;     /**< RACER_BLOCK_SIZE, has @size bytes; NULL: none */
    guint size;
  } held[2];         /**< on the way to the peer, to the client */
} RacerSurvivor;

/** A file descriptor that systemd handed over from its store under the name @name is one of ours. */
gboolean racer_handover_is_locker(const char *name);

/** The name of this process's lockers. The caller owns it. */
char *racer_handover_name(void);

/**
 * Empties the lockers @fds (int). Returns an array of RacerSurvivor that owns them. What was written by a version that
 * this program does not know is closed with a reset and counted in @ret_unknown.
 */
GPtrArray *racer_handover_read(const GArray *fds, guint *ret_unknown);

/** Frees @survivor; those of its fields that were taken are -1 or NULL. What is left is closed with a reset. */
void racer_survivor_free(RacerSurvivor *survivor);

/** Whether the program that will take over, the one on the disk, reads the lockers of this one. */
gboolean racer_handover_is_understood(void);
