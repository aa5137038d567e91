/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "racer/race.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "racer/socket.h"

/* Between two attempts of Race=staggered, or two priorities: the Connection Attempt Delay that RFC 8305, section 8, recommends. */
#define STAGGER_USEC (250 * 1000)
/* Attempts that are looked at while more are started. */
#define MAX_LOOKED_AT 16

/* ENOPROTOOPT stands for: established, but as plain TCP where MPTCP is required. */
#define NOT_MPTCP ENOPROTOOPT

typedef struct Attempt Attempt;
struct Attempt {
  RacerSource source; /* fd -1: not under way */
  RacerRace *race;
  Attempt *next;
  RacerEndpoint *endpoint;
  struct sockaddr_storage address;
  socklen_t length;
  guint priority;
  gint64 started;
  int error;
};

struct RacerRace {
  RacerLoop *loop;
  RacerTargets *targets;
  RacerRaceDone done;
  gpointer data;
  RacerTimer timer; /* the next step: more attempts, the deadline, or the report that all failed */
  gint64 deadline, next_attempt;
  gboolean whole; /* the favourite was not, or is no longer, alone */
  Attempt *attempts, **last;
  guint running;
};

static void finish(RacerRace *race, const RacerResult *result)
{
  racer_loop_clear_timer(race->loop, &race->timer);
  race->done(race, result, race->data);
}

static gboolean was_tried(const RacerRace *race, const RacerTarget *target)
{
  for (const Attempt *attempt = race->attempts; attempt; attempt = attempt->next)
    if (attempt->length == target->length && memcmp(&attempt->address, &target->address, target->length) == 0 &&
        racer_endpoint_same_source(attempt->endpoint, target->endpoint))
      return TRUE;
  return FALSE;
}

/* The address to be tried next; NULL: all were. */
static const RacerTarget *next_target(const RacerRace *race)
{
  const RacerTarget *best = NULL;

  for (guint i = 0; i < race->targets->addresses->len; i++) {
    const RacerTarget *target = &g_array_index(race->targets->addresses, RacerTarget, i);
    if (!was_tried(race, target) && (!best || racer_target_precedes(target, best)))
      best = target;
  }
  return best;
}

static gboolean is_lost(const RacerRace *race)
{
  return race->running == 0 && !race->targets->pending && !next_target(race);
}

static void give_up(RacerRace *race)
{
  static const RacerResult lost = { .fd = -1 };

  finish(race, &lost);
}

/* Nothing has answered yet or its answer came too late for the race: no peer keeps a connection that nobody uses. */
static void close_attempt(Attempt *attempt)
{
  if (attempt->source.fd < 0)
    return;
  racer_loop_forget(attempt->race->loop, &attempt->source);
  racer_socket_abort(attempt->source.fd);
  attempt->source.fd = -1;
  attempt->race->running--;
}

static void fail_attempt(Attempt *attempt, int error)
{
  close_attempt(attempt);
  attempt->error = error;
  racer_endpoint_failed(attempt->endpoint);
}

static void win(Attempt *attempt, gboolean mptcp, guint32 events)
{
  RacerResult result = { .fd = attempt->source.fd, .endpoint = attempt->endpoint, .mptcp = mptcp,
                         .connect_usec = g_get_monotonic_time() - attempt->started, .events = events };

  attempt->source.fd = -1;
  attempt->race->running--;
  racer_socket_prepare(result.fd, attempt->race->targets->sockets.keep_alive);
  RacerTarget *target = racer_targets_find(attempt->race->targets, &attempt->address, attempt->endpoint);
  if (target)
    racer_targets_learn(attempt->race->targets, target, result.connect_usec, attempt->race->whole, racer_loop_now(attempt->race->loop));
  racer_endpoint_won(attempt->endpoint, result.connect_usec);
  finish(attempt->race, &result);
}

static void attempt_dispatch(RacerSource *source, guint32 events);

/* Whether the attempt is under way; FALSE: it failed at once. */
static gboolean start_attempt(RacerRace *race, const RacerTarget *target)
{
  Attempt *attempt = g_new0(Attempt, 1);

  attempt->source.dispatch = attempt_dispatch;
  attempt->race = race;
  attempt->endpoint = racer_endpoint_ref(target->endpoint);
  attempt->address = target->address;
  attempt->length = target->length;
  attempt->priority = target->priority;
  attempt->started = g_get_monotonic_time();
  *race->last = attempt;
  race->last = &attempt->next;
  attempt->source.fd = racer_socket_connect(&target->address, target->length, target->endpoint, &race->targets->sockets);
  if (attempt->source.fd < 0) {
    fail_attempt(attempt, errno);
    return FALSE;
  }
  race->running++;
  if (!racer_loop_add(race->loop, &attempt->source, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET))
    fail_attempt(attempt, errno);
  return attempt->source.fd >= 0;
}

static void set_timer(RacerRace *race)
{
  gint64 due = race->deadline;

  if (is_lost(race))
    due = racer_loop_now(race->loop);
  else if (next_target(race))
    due = MIN(race->next_attempt, race->deadline);
  racer_loop_set_timer(race->loop, &race->timer, due);
}

/* On a fast network the first answer comes while the others are being asked: who comes after cannot win any more. */
static gboolean has_answer(const RacerRace *race)
{
  struct pollfd states[MAX_LOOKED_AT];
  guint n = 0;

  for (const Attempt *attempt = race->attempts; attempt && n < G_N_ELEMENTS(states); attempt = attempt->next)
    if (attempt->source.fd >= 0)
      states[n++] = (struct pollfd){ .fd = attempt->source.fd, .events = POLLOUT };
  if (poll(states, n, 0) <= 0)
    return FALSE;
  for (guint i = 0; i < n; i++)
    if (states[i].revents == POLLOUT)
      return TRUE;
  return FALSE;
}

/* The favourite, which is the first attempt, failed or is late. */
static void forget_favourite(RacerRace *race)
{
  const Attempt *first = race->attempts;
  RacerTarget *favourite = first ? racer_targets_find(race->targets, &first->address, first->endpoint) : NULL;

  racer_targets_forget(race->targets, favourite, racer_loop_now(race->loop));
}

/* Whether the next may start beside the one that has just been started. */
static gboolean goes_on(const RacerRace *race, guint priority)
{
  const RacerTarget *next = next_target(race);

  return race->targets->race == RACER_RACE_ALL && next && next->priority == priority && !has_answer(race);
}

/*
 * Starts the next attempt, or all that are left and are of the same priority (for SRV records, those of the next have to wait for these:
 * RFC 2782). Goes on where one fails at once.
 */
static void advance(RacerRace *race)
{
  const RacerTarget *target;

  if (!race->whole)
    forget_favourite(race);
  race->whole = TRUE;
  while ((target = next_target(race))) {
    guint priority = target->priority;
    if (start_attempt(race, target) && !goes_on(race, priority))
      break;
  }
  race->next_attempt = racer_loop_now(race->loop) + STAGGER_USEC;
  set_timer(race);
}

/* The favourite alone, with a head start; FALSE: there is none. */
static gboolean start_favourite(RacerRace *race)
{
  RacerTarget *favourite = racer_targets_favourite(race->targets, racer_loop_now(race->loop));

  if (!favourite || !start_attempt(race, favourite))
    return FALSE;
  race->next_attempt = racer_loop_now(race->loop) + racer_targets_patience(race->targets, favourite);
  set_timer(race);
  return TRUE;
}

/* A failed attempt starts the next at once: all of its own priority are to be asked, those of the next when all of it failed. */
static gboolean wants_another(const RacerRace *race, const Attempt *failed)
{
  const RacerTarget *next = next_target(race);

  return race->running == 0 || !race->whole || race->targets->race == RACER_RACE_STAGGERED || (next && next->priority <= failed->priority);
}

static void attempt_dispatch(RacerSource *source, guint32 events)
{
  Attempt *attempt = (Attempt *)source;
  RacerRace *race = attempt->race;
  gboolean mptcp = FALSE;
  int error = events & (EPOLLERR | EPOLLHUP) ? racer_socket_error(source->fd) : 0;

  if (!error && !(events & (EPOLLOUT | EPOLLHUP)))
    return;
  if (!error && race->targets->sockets.mptcp != RACER_MPTCP_NO)
    mptcp = racer_socket_is_mptcp(source->fd);
  if (!error && race->targets->sockets.mptcp == RACER_MPTCP_REQUIRE && !mptcp)
    error = NOT_MPTCP;
  if (!error) {
    win(attempt, mptcp, events);
    return;
  }
  fail_attempt(attempt, error);
  if (is_lost(race))
    give_up(race);
  else if (wants_another(race, attempt))
    advance(race);
}

static void timer_fire(RacerTimer *timer)
{
  RacerRace *race = (RacerRace *)((char *)timer - G_STRUCT_OFFSET(RacerRace, timer));

  if (next_target(race) && timer->due < race->deadline) {
    advance(race);
    return;
  }
  for (Attempt *attempt = race->attempts; attempt; attempt = attempt->next)
    if (attempt->source.fd >= 0)
      fail_attempt(attempt, ETIMEDOUT);
  give_up(race);
}

RacerRace *racer_race_new(RacerLoop *loop, RacerTargets *targets, RacerRaceDone done, gpointer data)
{
  RacerRace *race = g_new0(RacerRace, 1);

  race->loop = loop;
  race->targets = racer_targets_ref(targets);
  race->done = done;
  race->data = data;
  race->timer.fire = timer_fire;
  race->last = &race->attempts;
  race->deadline = g_get_monotonic_time() + targets->connect_timeout * G_GINT64_CONSTANT(1000);
  if (!start_favourite(race))
    advance(race);
  return race;
}

void racer_race_update(RacerRace *race, RacerTargets *targets)
{
  racer_targets_unref(race->targets);
  race->targets = racer_targets_ref(targets);
  advance(race);
}

void racer_race_free(RacerRace *race)
{
  racer_loop_clear_timer(race->loop, &race->timer);
  for (Attempt *attempt = race->attempts, *next; attempt; attempt = next) {
    next = attempt->next;
    close_attempt(attempt);
    racer_endpoint_unref(attempt->endpoint);
    racer_loop_bury(race->loop, attempt);
  }
  racer_targets_unref(race->targets);
  racer_loop_bury(race->loop, race);
}

static const char *reason(int error)
{
  return error == NOT_MPTCP ? "answers without MPTCP" : g_strerror(error);
}

char **racer_race_failures(const RacerRace *race)
{
  GPtrArray *failures = g_ptr_array_new();

  for (const Attempt *attempt = race->attempts; attempt; attempt = attempt->next)
    g_ptr_array_add(failures, g_strdup_printf("%s: %s", attempt->endpoint->text, reason(attempt->error)));
  for (guint i = 0; i < race->targets->unknown->len; i++)
    g_ptr_array_add(failures, g_strdup(race->targets->unknown->pdata[i]));
  if (race->targets->pending)
    g_ptr_array_add(failures, g_strdup("name look-up: no answer yet"));
  g_ptr_array_add(failures, NULL);
  return (char **)g_ptr_array_free(failures, FALSE);
}
