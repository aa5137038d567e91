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
 * A direction that has more to do than its share goes on as a task in the next turn of the loop.
 */
#include "racer/connection.h"

#include <errno.h>
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
  gint64 active;
  guint idle_timeout;
  GList link; /* in shared->racing or shared->relaying */
} Connection;

#define CONTAINER(pointer, member) ((Connection *)((char *)(pointer)-G_STRUCT_OFFSET(Connection, member)))

static void close_end(RacerEnd *end, gboolean reset)
{
  if (end->source.fd < 0)
    return;
  if (reset)
    racer_socket_abort(end->source.fd);
  else
    close(end->source.fd);
  end->source.fd = -1;
}

static void finish(Connection *connection, gboolean reset)
{
  RacerShared *shared = connection->shared;

  g_queue_unlink(connection->race ? &shared->racing : &shared->relaying, &connection->link);
  g_clear_pointer(&connection->race, racer_race_free);
  racer_loop_clear_timer(shared->loop, &connection->idle);
  racer_loop_unqueue(shared->loop, &connection->task);
  close_end(&connection->client, reset);
  close_end(&connection->peer, reset);
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

static void run(Connection *connection)
{
  RacerShared *shared = connection->shared;
  RacerFlow up = racer_direction_run(&connection->up, &shared->pool);
  RacerFlow down = racer_direction_run(&connection->down, &shared->pool);

  connection->active = racer_loop_now(shared->loop);
  if (up == RACER_FLOW_BROKEN || down == RACER_FLOW_BROKEN || is_over(connection)) {
    finish(connection, !is_over(connection));
    return;
  }
  racer_direction_shut(&connection->up);
  racer_direction_shut(&connection->down);
  if (up == RACER_FLOW_GOES_ON || down == RACER_FLOW_GOES_ON)
    racer_loop_queue(shared->loop, &connection->task);
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

static void start_relaying(Connection *connection, int fd)
{
  RacerShared *shared = connection->shared;

  g_queue_unlink(&shared->racing, &connection->link);
  g_queue_push_tail_link(&shared->relaying, &connection->link);
  g_clear_pointer(&connection->race, racer_race_free);
  connection->peer.source.fd = fd;
  connection->peer.writable = TRUE;
  connection->active = racer_loop_now(shared->loop);
  if (connection->idle_timeout)
    racer_loop_set_timer(shared->loop, &connection->idle, idle_end(connection));
  if (racer_loop_move(shared->loop, fd, &connection->peer.source, EVENTS))
    run(connection);
  else
    finish(connection, TRUE);
}

static void race_done(RacerRace *race, const RacerResult *result, gpointer data)
{
  Connection *connection = data;

  if (result->fd >= 0) {
    racer_journal_won(result);
    start_relaying(connection, result->fd);
    return;
  }
  g_auto(GStrv) failures = racer_race_failures(race);
  g_atomic_int_inc(&connection->shared->failed);
  racer_journal_lost(failures);
  finish(connection, TRUE);
}

void racer_connection_start(RacerShared *shared, int fd)
{
  Connection *connection = g_new0(Connection, 1);

  connection->shared = shared;
  connection->client.source = (RacerSource){ fd, client_dispatch };
  connection->peer.source = (RacerSource){ -1, peer_dispatch };
  connection->up = (RacerDirection){ .from = &connection->client, .to = &connection->peer };
  connection->down = (RacerDirection){ .from = &connection->peer, .to = &connection->client };
  connection->task.run = task_run;
  connection->idle.fire = idle_fire;
  connection->idle_timeout = shared->targets->idle_timeout;
  connection->link.data = connection;
  g_queue_push_tail_link(&shared->racing, &connection->link);
  g_atomic_int_inc(&shared->open);
  connection->race = racer_race_new(shared->loop, shared->targets, race_done, connection);
  if (!racer_loop_add(shared->loop, &connection->client.source, EVENTS))
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
