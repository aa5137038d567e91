/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "racer/handover.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "racer/socket.h"

#define NAME_START "neo-locker-"
#define DELETED " (deleted)"

typedef struct {
  GHashTable *survivors; /* guint64 id -> RacerSurvivor */
  GArray *parts;         /* Part: pipes and bytes, until all connections are known */
  GHashTable *maps;      /* guint32 number -> fd */
  guint unknown;
} Reading;

typedef struct {
  RacerRecord record;
  int fds[RACER_LOCKER_MAX_FDS];
} Part;

gboolean racer_handover_is_locker(const char *name)
{
  return g_str_has_prefix(name, NAME_START);
}

/* Never used by two processes: what the one leaves behind must not go when the next takes its own away. */
char *racer_handover_name(void)
{
  return g_strdup_printf(NAME_START "%d-%" G_GINT64_MODIFIER "x", RACER_LOCKER_VERSION, g_get_monotonic_time());
}

void racer_survivor_free(RacerSurvivor *survivor)
{
  if (survivor->client >= 0)
    racer_socket_abort(survivor->client);
  if (survivor->peer >= 0)
    racer_socket_abort(survivor->peer);
  for (guint i = 0; i < G_N_ELEMENTS(survivor->held); i++) {
    g_clear_pointer(&survivor->held[i].pipe, racer_pipe_free);
    g_free(survivor->held[i].block);
  }
  g_free(survivor);
}

static void close_all(const int *fds, int n)
{
  for (int i = 0; i < n; i++)
    close(fds[i]);
}

static void abort_all(const int *fds, int n)
{
  for (int i = 0; i < n; i++)
    racer_socket_abort(fds[i]);
}

/* It ended, both ways, and waited only to be taken out of its locker: both sockets were shut or reset. */
static gboolean has_ended(const int *fds, int n)
{
  struct pollfd states[] = { { .fd = fds[0] }, { .fd = n > 1 ? fds[1] : -1 } };

  return n > 1 && poll(states, G_N_ELEMENTS(states), 0) == 2 && (states[0].revents & states[1].revents & POLLHUP);
}

/* What comes twice was in a locker that was being turned over. */
static void take_connection(Reading *reading, guint64 id, const int *fds, int n)
{
  if (g_hash_table_contains(reading->survivors, &id) || has_ended(fds, n)) {
    close_all(fds, n);
    return;
  }
  RacerSurvivor *survivor = g_new0(RacerSurvivor, 1);
  survivor->id = id;
  survivor->client = fds[0];
  survivor->peer = n > 1 ? fds[1] : -1;
  g_hash_table_insert(reading->survivors, &survivor->id, survivor);
}

/* One more than the file descriptor, so that a look-up that finds nothing is none. */
static void take_map(Reading *reading, guint32 number, int fd)
{
  if (g_hash_table_contains(reading->maps, GUINT_TO_POINTER(number)))
    close(fd);
  else
    g_hash_table_insert(reading->maps, GUINT_TO_POINTER(number), GINT_TO_POINTER(fd + 1));
}

static void take_message(Reading *reading, const RacerRecord *record, int *fds, int n)
{
  if (record->version == RACER_LOCKER_VERSION && record->kind == RACER_RECORD_CONNECTION && n > 0)
    take_connection(reading, record->id, fds, n);
  else if (record->version == RACER_LOCKER_VERSION && record->kind == RACER_RECORD_MAP && n == 1)
    take_map(reading, record->map, fds[0]);
  else if (record->version == RACER_LOCKER_VERSION && ((record->kind == RACER_RECORD_PIPE && n == 2) ||
                                                       (record->kind == RACER_RECORD_BYTES && n == 1)))
    g_array_append_vals(reading->parts, &(Part){ *record, { fds[0], n > 1 ? fds[1] : -1 } }, 1);
  else {
    reading->unknown += n > 0;
    abort_all(fds, n);
  }
}

/* A pipe's owner is in its map, that of bytes in the message. */
static guint64 owner_of(const Reading *reading, const Part *part)
{
  if (part->record.kind == RACER_RECORD_BYTES)
    return part->record.id;
  int map = GPOINTER_TO_INT(g_hash_table_lookup(reading->maps, GUINT_TO_POINTER(part->record.map))) - 1;
  return map < 0 ? 0 : racer_pipe_map_read(map, part->record.id);
}

static gboolean hold_pipe(RacerSurvivor *survivor, guint way, const Part *part)
{
  int size;

  if (survivor->held[way].pipe || ioctl(part->fds[0], FIONREAD, &size) < 0 || size <= 0)
    return FALSE;
  RacerPipe *pipe = g_new0(RacerPipe, 1);
  pipe->read = part->fds[0];
  pipe->write = part->fds[1];
  survivor->held[way].pipe = pipe;
  survivor->held[way].size = size;
  return TRUE;
}

static void hold_bytes(RacerSurvivor *survivor, guint way, int fd)
{
  g_autofree char *block = g_malloc(RACER_BLOCK_SIZE);
  ssize_t size = pread(fd, block, RACER_BLOCK_SIZE, 0);

  if (size <= 0 || survivor->held[way].block)
    return;
  survivor->held[way].block = g_steal_pointer(&block);
  survivor->held[way].size = size;
}

static void give_part(Reading *reading, const Part *part)
{
  guint64 owner = owner_of(reading, part), id = owner >> 1;
  RacerSurvivor *survivor = g_hash_table_lookup(reading->survivors, &id);

  if (survivor && part->record.kind == RACER_RECORD_PIPE && hold_pipe(survivor, owner & 1, part))
    return;
  if (survivor && part->record.kind == RACER_RECORD_BYTES)
    hold_bytes(survivor, owner & 1, part->fds[0]);
  close_all(part->fds, part->fds[1] < 0 ? 1 : 2);
}

static void empty_locker(Reading *reading, int locker)
{
  RacerRecord record;
  int fds[RACER_LOCKER_MAX_FDS], n;

  while ((n = racer_locker_receive(locker, &record, fds)) >= 0)
    take_message(reading, &record, fds, n);
}

static void close_map(gpointer key, gpointer fd, gpointer data)
{
  close(GPOINTER_TO_INT(fd) - 1);
}

GPtrArray *racer_handover_read(const GArray *fds, guint *ret_unknown)
{
  GPtrArray *survivors = g_ptr_array_new_with_free_func((GDestroyNotify)racer_survivor_free);
  g_autoptr(GHashTable) by_id = g_hash_table_new(g_int64_hash, g_int64_equal);
  g_autoptr(GHashTable) maps = g_hash_table_new(NULL, NULL);
  g_autoptr(GArray) parts = g_array_new(FALSE, FALSE, sizeof(Part));
  Reading reading = { by_id, parts, maps, 0 };
  GHashTableIter iter;
  gpointer survivor;

  for (guint i = 0; i < fds->len; i++)
    empty_locker(&reading, g_array_index(fds, int, i));
  for (guint i = 0; i < parts->len; i++)
    give_part(&reading, &g_array_index(parts, Part, i));
  g_hash_table_foreach(maps, close_map, NULL);
  g_hash_table_iter_init(&iter, by_id);
  while (g_hash_table_iter_next(&iter, NULL, &survivor))
    g_ptr_array_add(survivors, survivor);
  *ret_unknown = reading.unknown;
  return survivors;
}

/* The path of this program if it was replaced while it ran (dpkg renames the new one over it); NULL: it was not. */
static char *replaced_program(void)
{
  g_autofree char *path = g_file_read_link("/proc/self/exe", NULL);

  if (!path || !g_str_has_suffix(path, DELETED))
    return NULL;
  return g_strndup(path, strlen(path) - strlen(DELETED));
}

gboolean racer_handover_is_understood(void)
{
  g_autofree char *program = replaced_program(), *output = NULL;
  char *arguments[] = { program, "--handover-version", NULL };
  g_autoptr(GError) error = NULL;
  guint version;

  if (!program)
    return TRUE;
  if (!g_spawn_sync(NULL, arguments, NULL, G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, &output, NULL, NULL, &error)) {
    g_message("%s: %s", program, error->message);
    return FALSE;
  }
  return sscanf(output, "%u", &version) == 1 && version == RACER_LOCKER_VERSION;
}
