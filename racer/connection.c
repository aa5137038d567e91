/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One connection: a client, a race, and then a peer.
 *
 *   RACING    The client is accepted and the race runs. Nothing is read from the client, so its first bytes wait in
 *             its socket. Ended by: a winner (then RELAYING); no winner (the client is reset); a client that resets
 *             or disappears (the attempts are closed). A client that only shut its writing side goes on racing.
 *   RELAYING  Two directions run, each until its end of file is passed on. Ended by: both done (both sockets are
 *             closed); a reset or error of either socket (the other is reset); IdleTimeout= without a byte (both
 *             are reset).
 *
 * A direction that has more to do than its share goes on as a task in the next turn of the loop. How connections outlive
 * the process is told in racer/handover.h.
 */
#include "racer/connection.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "racer/direction.h"
#include "racer/journal.h"
#include "racer/race.h"
#include "racer/socket.h"

#define EVENTS (EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET)

typedef struct {
  RacerShared *shared;
  RacerEnd client, peer;
  RacerDirection up, down;
  RacerRace *race; /* NULL: RELAYING */
  RacerTask task;
  RacerTimer idle;
  RacerTimer pause; /* while a queue is full */
  gint64 active;
  guint idle_timeout;
  RacerStowed *stowed; /* NULL: it ends with the process */
  GList link; /* in shared->racing or shared->relaying */
} Connection;

#define CONTAINER(pointer, member) ((Connection *)((char *)(pointer)-G_STRUCT_OFFSET(Connection, member)))

static void close_end(Connection *connection, RacerEnd *end, gboolean reset)
{
  if (end->source.fd < 0)
    return;
  racer_loop_forget(connection->shared->loop, &end->source);
  if (reset)
    racer_socket_abort(end->source.fd);
  else
    close(end->source.fd);
  end->source.fd = -1;
}

static void end_both(Connection *connection, gboolean reset)
{
  racer_socket_end(connection->client.source.fd, reset);
  racer_socket_end(connection->peer.source.fd, reset);
}

/*
 * A reset comes first: of a process that is killed before, the peer would see an end that looks good. Where both
 * directions are over, whoever closes the sockets says the same.
 */
static void take_out(Connection *connection, gboolean reset)
{
  if (reset)
    end_both(connection, TRUE);
  gboolean out = racer_lockers_take_out(connection->shared->lockers, connection->stowed);
  if (!out && !reset)
    end_both(connection, FALSE);
  connection->stowed = NULL;
}

static void finish(Connection *connection, gboolean reset)
{
  RacerShared *shared = connection->shared;

  g_queue_unlink(connection->race ? &shared->racing : &shared->relaying, &connection->link);
  g_clear_pointer(&connection->race, racer_race_free);
  racer_loop_clear_timer(shared->loop, &connection->idle);
  racer_loop_clear_timer(shared->loop, &connection->pause);
  racer_loop_unqueue(shared->loop, &connection->task);
  if (connection->stowed)
    take_out(connection, reset);
  close_end(connection, &connection->client, reset);
  close_end(connection, &connection->peer, reset);
  racer_direction_clear(&connection->up, &shared->pool);
  racer_direction_clear(&connection->down, &shared->pool);
  racer_loop_bury(shared->loop, connection);
  g_atomic_int_add(&shared->open, -1);
  shared->closed(shared->data);
}

static gboolean is_over(const Connection *connection)
{
  return racer_direction_is_over(&connection->up) && racer_direction_is_over(&connection->down);
}

static void set_pause(Connection *connection, gint64 now)
{
  guint up = connection->up.full ? connection->up.queue.pause_us : G_MAXUINT;
  guint down = connection->down.full ? connection->down.queue.pause_us : G_MAXUINT;

  if (MIN(up, down) < G_MAXUINT && !connection->pause.place)
    racer_loop_set_timer(connection->shared->loop, &connection->pause, now + MIN(up, down));
}

static void run(Connection *connection)
{
  RacerShared *shared = connection->shared;
  gint64 now = racer_loop_now(shared->loop);
  RacerFlow up = racer_direction_run(&connection->up, &shared->pool);
  RacerFlow down = racer_direction_run(&connection->down, &shared->pool);

  connection->active = now;
  if (up == RACER_FLOW_BROKEN || down == RACER_FLOW_BROKEN || is_over(connection)) {
    finish(connection, !is_over(connection));
    return;
  }
  racer_direction_shut(&connection->up);
  racer_direction_shut(&connection->down);
  if (up == RACER_FLOW_GOES_ON || down == RACER_FLOW_GOES_ON)
    racer_loop_queue(shared->loop, &connection->task);
  set_pause(connection, now);
}

static void look_at_queue(RacerDirection *direction)
{
  if (direction->full)
    direction->full = racer_queue_sent(&direction->queue, direction->to->source.fd, 0);
}

static void pause_fire(RacerTimer *timer)
{
  Connection *connection = CONTAINER(timer, pause);
  gint full = connection->up.full + connection->down.full;

  look_at_queue(&connection->up);
  look_at_queue(&connection->down);
  if (connection->up.full + connection->down.full < full)
    run(connection);
  else
    set_pause(connection, racer_loop_now(connection->shared->loop));
}

static void note(RacerEnd *end, guint32 events)
{
  if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
    end->readable = TRUE;
  if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR))
    end->writable = TRUE;
  if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
    end->ending = TRUE;
}

static void client_dispatch(RacerSource *source, guint32 events)
{
  Connection *connection = CONTAINER(source, client);

  note(&connection->client, events);
  if (!connection->race)
    run(connection);
  else if (events & (EPOLLHUP | EPOLLERR))
    finish(connection, TRUE);
}

static void peer_dispatch(RacerSource *source, guint32 events)
{
  Connection *connection = CONTAINER(source, peer);

  note(&connection->peer, events);
  run(connection);
}

static void task_run(RacerTask *task)
{
  run(CONTAINER(task, task));
}

static gint64 idle_end(const Connection *connection)
{
  return connection->active + connection->idle_timeout * G_GINT64_CONSTANT(1000);
}

static void idle_fire(RacerTimer *timer)
{
  Connection *connection = CONTAINER(timer, idle);

  if (idle_end(connection) > racer_loop_now(connection->shared->loop))
    racer_loop_set_timer(connection->shared->loop, timer, idle_end(connection));
  else
    finish(connection, TRUE);
}

static gboolean stow(Connection *connection, guint64 id)
{
  RacerRecord record = { .kind = RACER_RECORD_CONNECTION, .id = id };
  const int fds[] = { connection->client.source.fd, connection->peer.source.fd };

  connection->stowed = racer_lockers_put(connection->shared->lockers, record, fds, connection->race ? 1 : 2);
  return connection->stowed != NULL;
}

/* Where the store is full the connection is like any without CrashSafe=. */
static void make_crash_safe(Connection *connection)
{
  if (!connection->shared->crash_safe)
    return;
  guint64 id = racer_socket_id(connection->client.source.fd);
  if (!stow(connection, id))
    return;
  connection->up.owner = id << 1;
  connection->down.owner = connection->up.owner | 1;
}

static void begin_relaying(Connection *connection, int fd)
{
  RacerShared *shared = connection->shared;

  g_queue_push_tail_link(&shared->relaying, &connection->link);
  connection->peer.source.fd = fd;
  connection->active = racer_loop_now(shared->loop);
  if (connection->idle_timeout)
    racer_loop_set_timer(shared->loop, &connection->idle, idle_end(connection));
}

static void start_relaying(Connection *connection, const RacerResult *winner)
{
  begin_relaying(connection, winner->fd);
  make_crash_safe(connection);
  racer_loop_move(connection->shared->loop, &connection->peer.source);
  peer_dispatch(&connection->peer.source, winner->events);
}

/* The first bytes go before the losers are closed. */
static void race_done(RacerRace *race, const RacerResult *result, gpointer data)
{
  Connection *connection = data;

  if (result->fd >= 0) {
    g_queue_unlink(&connection->shared->racing, &connection->link);
    connection->race = NULL;
    start_relaying(connection, result);
    racer_journal_won(result);
    racer_race_free(race);
    return;
  }
  g_auto(GStrv) failures = racer_race_failures(race);
  g_atomic_int_inc(&connection->shared->failed);
  racer_journal_lost(failures);
  finish(connection, TRUE);
}

static Connection *connection_new(RacerShared *shared, int fd)
{
  Connection *connection = g_new0(Connection, 1);

  connection->shared = shared;
  connection->client.source = (RacerSource){ fd, client_dispatch };
  connection->peer.source = (RacerSource){ -1, peer_dispatch };
  connection->up = (RacerDirection){ .from = &connection->client, .to = &connection->peer };
  connection->down = (RacerDirection){ .from = &connection->peer, .to = &connection->client };
  connection->task.run = task_run;
  connection->idle.fire = idle_fire;
  connection->pause.fire = pause_fire;
  connection->idle_timeout = shared->targets->idle_timeout;
  connection->link.data = connection;
  g_atomic_int_inc(&shared->open);
  return connection;
}

void racer_connection_start(RacerShared *shared, int fd)
{
  Connection *connection = connection_new(shared, fd);

  g_queue_push_tail_link(&shared->racing, &connection->link);
  connection->race = racer_race_new(shared->loop, shared->targets, race_done, connection);
  if (!racer_loop_add(shared->loop, &connection->client.source, EVENTS))
    finish(connection, TRUE);
}

/* Takes over the bytes on the way; FALSE: they are in this process's memory only. */
static gboolean resume_direction(RacerDirection *direction, RacerSurvivor *survivor, guint way)
{
  direction->pipe = g_steal_pointer(&survivor->held[way].pipe);
  direction->block = direction->pipe ? NULL : g_steal_pointer(&survivor->held[way].block);
  direction->end = survivor->held[way].size;
  /* The last process may have left it so. */
  direction->burst.small = TRUE;
  return direction->block == NULL;
}

static gboolean adopt_pipe(RacerDirection *direction, RacerPool *pool)
{
  if (!direction->pipe)
    return TRUE;
  gboolean adopted = racer_pool_adopt_pipe(pool, direction->pipe);
  if (adopted)
    racer_pipe_own(direction->pipe, direction->owner);
  return adopted;
}

/* The loop tells of what has come to the sockets meanwhile, ends and resets too. */
void racer_connection_resume(RacerShared *shared, RacerSurvivor *survivor)
{
  int client = survivor->client, peer = survivor->peer;

  survivor->client = survivor->peer = -1;
  if (peer < 0) {
    racer_connection_start(shared, client);
    return;
  }
  Connection *connection = connection_new(shared, client);
  begin_relaying(connection, peer);
  gboolean up = resume_direction(&connection->up, survivor, 0), down = resume_direction(&connection->down, survivor, 1);
  if (up && down)
    make_crash_safe(connection);
  if (!adopt_pipe(&connection->up, &shared->pool) || !adopt_pipe(&connection->down, &shared->pool) ||
      !racer_loop_add(shared->loop, &connection->client.source, EVENTS) ||
      !racer_loop_add(shared->loop, &connection->peer.source, EVENTS))
    finish(connection, TRUE);
}

void racer_connections_update(RacerShared *shared)
{
  for (GList *link = shared->racing.head, *next; link; link = next) {
    next = link->next;
    racer_race_update(((Connection *)link->data)->race, shared->targets);
  }
}

static void abort_all(GQueue *connections)
{
  while (connections->length > 0)
    finish(g_queue_peek_head(connections), TRUE);
}

void racer_connections_abort(RacerShared *shared)
{
  abort_all(&shared->racing);
  abort_all(&shared->relaying);
}

/* The file stays open: its locker may have to be turned over. */
static gboolean stow_block(RacerShared *shared, const RacerDirection *direction, guint64 owner)
{
  RacerRecord record = { .kind = RACER_RECORD_BYTES, .id = owner };
  gsize size = direction->end - direction->begin;
  int fd = memfd_create("neo-racer-bytes", MFD_CLOEXEC);

  return fd >= 0 && pwrite(fd, direction->block + direction->begin, size, 0) == (gssize)size &&
         racer_lockers_put(shared->lockers, record, &fd, 1);
}

static gboolean stow_bytes(RacerShared *shared, RacerDirection *direction, guint64 owner)
{
  if (direction->owner || direction->begin == direction->end)
    return TRUE;
  if (direction->block)
    return stow_block(shared, direction, owner);
  direction->owner = owner;
  return adopt_pipe(direction, &shared->pool);
}

static gboolean hand_over(Connection *connection)
{
  RacerShared *shared = connection->shared;
  guint64 id = racer_socket_id(connection->client.source.fd);

  return (connection->stowed || stow(connection, id)) && stow_bytes(shared, &connection->up, id << 1) &&
         stow_bytes(shared, &connection->down, id << 1 | 1);
}

static guint hand_over_all(GQueue *connections)
{
  guint failed = 0;

  for (GList *link = connections->head, *next; link; link = next) {
    next = link->next;
    if (hand_over(link->data))
      continue;
    finish(link->data, TRUE);
    failed++;
  }
  return failed;
}

guint racer_connections_hand_over(RacerShared *shared)
{
  if (!shared->pool.lockers && !racer_pool_stow(&shared->pool, shared->lockers))
    return shared->racing.length + shared->relaying.length;
  return hand_over_all(&shared->racing) + hand_over_all(&shared->relaying);
}
