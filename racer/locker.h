/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/*
 * Lockers keep what a connection consists of while its process is replaced. A locker is a pair of Unix sockets: the file
 * descriptors wait as messages in its queue, in the kernel, and one end is in systemd's store. So the store holds one file
 * descriptor for RACER_LOCKER_SIZE connections, and systemd has nothing to do when a connection begins or ends.
 *
 * (systemd 252 compares each file descriptor that it is given with all that it has: a thousand connections that
 * went to the store one by one would cost it a million comparisons.)
 *
 * A queue gives back only what is at its head. So what is taken out of the middle stays until the head reaches it, or
 * until half of the locker is such: then what is still wanted is put in again behind, and the head taken off. Whoever
 * reads the queue may find one thing twice, never not at all.
 */

/** Messages in one locker: by default a Unix socket takes 277 (net.core.wmem_default, 768 bytes each). */
#define RACER_LOCKER_SIZE 128

/** The format of what is in lockers. Counted up when a program of before could not make sense of it. */
#define RACER_LOCKER_VERSION 1
#define RACER_LOCKER_MAX_FDS 2

typedef enum {
  RACER_RECORD_CONNECTION = 1, /**< @id: of the connection; fds: the client, and the peer unless the race is on */
  RACER_RECORD_PIPE,  /**< @id: its place in the map @map; fds: the ends to read and to write */
  RACER_RECORD_BYTES, /**< @id: whose bytes; fd: a file in memory that has them */
  RACER_RECORD_MAP,   /**< @map: its number; fd: a file in memory, the guint64 at each place says whose bytes a pipe has */
} RacerRecordKind;

/** One message of a locker. "Whose bytes": the connection's id times two, plus one for those on the way to the client. */
typedef struct {
  guint16 version;
  guint16 kind; /**< RacerRecordKind */
  guint32 map;
  guint64 id;
} RacerRecord;

/** Something that was put into a locker. */
typedef struct RacerStowed RacerStowed;

/** The lockers of one worker. One thread only. */
typedef struct RacerLockers RacerLockers;

/** @name: what the lockers are called in systemd's store. */
RacerLockers *racer_lockers_new(const char *name);

/** Frees what belongs to the process; what is in the lockers stays. */
void racer_lockers_free(RacerLockers *lockers);

/**
 * Puts @record and @fds (at most RACER_LOCKER_MAX_FDS; they stay open and the caller's until it is taken out) into a
 * locker. NULL with errno if the store or the system takes no more.
 */
RacerStowed *racer_lockers_put(RacerLockers *lockers, RacerRecord record, const int *fds, guint n_fds);

/** Takes @stowed out: before its file descriptors are closed. FALSE: the kernel keeps the files a little longer. */
gboolean racer_lockers_take_out(RacerLockers *lockers, RacerStowed *stowed);

/**
 * Takes the first message out of the locker @fd. Returns how many file descriptors came with it and writes
 * them; -1: the locker is empty. A message of another size gives a record of version 0.
 */
int racer_locker_receive(int fd, RacerRecord *ret_record, int ret_fds[RACER_LOCKER_MAX_FDS]);
