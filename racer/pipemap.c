/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "racer/pipemap.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

/* Only the pages that are used cost memory. */
#define PLACES 65536
#define BYTES (PLACES * sizeof(guint64))

struct RacerPipeMap {
  guint64 *owners;
  int fd;
  guint32 number;
  GArray *returned; /* guint: places below @first_unused that are free */
  guint first_unused;
};

static gboolean map_memory(RacerPipeMap *map)
{
  map->fd = memfd_create("neo-racer-pipes", MFD_CLOEXEC);
  if (map->fd < 0 || ftruncate(map->fd, BYTES) < 0)
    return FALSE;
  map->owners = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, map->fd, 0);
  return map->owners != MAP_FAILED;
}

RacerPipeMap *racer_pipe_map_new(RacerLockers *lockers)
{
  RacerPipeMap *map = g_new0(RacerPipeMap, 1);

  map->number = g_random_int();
  map->returned = g_array_new(FALSE, FALSE, sizeof(guint));
  RacerRecord record = { .kind = RACER_RECORD_MAP, .map = map->number };
  if (map_memory(map) && racer_lockers_put(lockers, record, &map->fd, 1))
    return map;
  int why = errno;
  racer_pipe_map_free(map);
  errno = why;
  return NULL;
}

void racer_pipe_map_free(RacerPipeMap *map)
{
  if (map->owners && map->owners != MAP_FAILED)
    munmap(map->owners, BYTES);
  if (map->fd >= 0)
    close(map->fd);
  g_array_unref(map->returned);
  g_free(map);
}

guint32 racer_pipe_map_number(const RacerPipeMap *map)
{
  return map->number;
}

gboolean racer_pipe_map_take(RacerPipeMap *map, guint *ret_place)
{
  if (map->returned->len > 0) {
    *ret_place = g_array_index(map->returned, guint, map->returned->len - 1);
    g_array_set_size(map->returned, map->returned->len - 1);
    return TRUE;
  }
  if (map->first_unused == PLACES)
    return FALSE;
  *ret_place = map->first_unused++;
  return TRUE;
}

void racer_pipe_map_give(RacerPipeMap *map, guint place)
{
  g_array_append_val(map->returned, place);
}

void racer_pipe_map_set(RacerPipeMap *map, guint place, guint64 owner)
{
  __atomic_store_n(&map->owners[place], owner, __ATOMIC_RELEASE);
}

guint64 racer_pipe_map_read(int fd, guint64 place)
{
  guint64 owner = 0;

  if (place >= PLACES || pread(fd, &owner, sizeof owner, place * sizeof owner) != sizeof owner)
    return 0;
  return owner;
}
