/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "racer/locker.h"

/*
 * Says whose bytes each pipe of a worker has, in memory that outlives the process: a file in memory, mapped and
 * stowed. It is written before the bytes go in, so it is right at any time for a pipe that is not empty.
 */
typedef struct RacerPipeMap RacerPipeMap;

/** Makes a map and stows it. NULL with errno if the system refuses. */
RacerPipeMap *racer_pipe_map_new(RacerLockers *lockers);
void racer_pipe_map_free(RacerPipeMap *map);

/** The number that tells it from other maps. */
guint32 racer_pipe_map_number(const RacerPipeMap *map);

/** Takes a place for a pipe. FALSE if all are taken. */
gboolean racer_pipe_map_take(RacerPipeMap *map, guint *ret_place);
void racer_pipe_map_give(RacerPipeMap *map, guint place);
void racer_pipe_map_set(RacerPipeMap *map, guint place, guint64 owner);

/** What the map that came as @fd says of @place; 0: nothing. */
guint64 racer_pipe_map_read(int fd, guint64 place);
