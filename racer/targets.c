/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "racer/targets.h"

#include <string.h>

/* What a favourite may take beyond its usual time and half of that: a scheduler's moment. */
#define PATIENCE_USEC (5 * 1000)
/* Policy=spread: as near as one and a half times the fastest and this. */
#define NEAR_USEC (2 * 1000)
/* How long Policy=spread leaves out what was late or failed. */
#define AVOID_SECONDS 60

static void target_clear(gpointer data)
{
  RacerTarget *target = data;

  racer_endpoint_unref(target->endpoint);
}

RacerTargets *racer_targets_new(const RacerSettings *settings)
{
  RacerTargets *targets = g_new0(RacerTargets, 1);

  g_atomic_ref_count_init(&targets->references);
  targets->sockets = settings->sockets;
  targets->race = settings->race;
  targets->policy = settings->policy;
  targets->remember = settings->remember;
  targets->connect_timeout = settings->connect_timeout;
  targets->idle_timeout = settings->idle_timeout;
  targets->addresses = g_array_new(FALSE, FALSE, sizeof(RacerTarget));
  g_array_set_clear_func(targets->addresses, target_clear);
  targets->unknown = g_ptr_array_new_with_free_func(g_free);
  return targets;
}

void racer_targets_add(RacerTargets *targets, RacerEndpoint *endpoint, const NeoAddress *address, guint priority, guint weight)
{
  RacerTarget target = { .endpoint = racer_endpoint_ref(endpoint), .priority = priority, .weight = MAX(weight, 1) };

  target.length = neo_address_to_sockaddr(address, endpoint->port, &target.address);
  g_array_append_val(targets->addresses, target);
}

static RacerTarget *nth(const RacerTargets *targets, guint n)
{
  return &g_array_index(targets->addresses, RacerTarget, n);
}

/* The usual time of the fastest; 0: none is known. */
static guint fastest(const RacerTargets *targets)
{
  guint least = 0;

  for (guint i = 0; i < targets->addresses->len; i++) {
    guint usual = g_atomic_int_get(&nth(targets, i)->usual_usec);
    if (usual > 0 && (least == 0 || usual < least))
      least = usual;
  }
  return least;
}

static guint best_priority(const RacerTargets *targets)
{
  guint best = G_MAXUINT;

  for (guint i = 0; i < targets->addresses->len; i++)
    best = MIN(best, nth(targets, i)->priority);
  return best;
}

guint racer_targets_patience(const RacerTargets *targets, const RacerTarget *favourite)
{
  guint usual = g_atomic_int_get(&favourite->usual_usec);

  if (usual == 0)
    usual = fastest(targets);
  return usual + usual / 2 + PATIENCE_USEC;
}

/* One that has not been asked yet may be near: asking it will show. */
static gboolean is_near(const RacerTarget *target, guint least, guint priority, gint64 now)
{
  return target->priority == priority && now / G_USEC_PER_SEC >= g_atomic_int_get(&target->avoid_until) &&
         (guint)g_atomic_int_get(&target->usual_usec) <= least + least / 2 + NEAR_USEC;
}

static RacerTarget *draw(const RacerTargets *targets, gint64 now)
{
  guint least = fastest(targets), priority = best_priority(targets);
  guint64 sum = 0;
  RacerTarget *drawn = NULL;

  for (guint i = 0; least > 0 && i < targets->addresses->len; i++) {
    RacerTarget *target = nth(targets, i);
    if (!is_near(target, least, priority, now))
      continue;
    sum += target->weight;
    if (g_random_double() * sum < target->weight)
      drawn = target;
  }
  return drawn;
}

RacerTarget *racer_targets_favourite(RacerTargets *targets, gint64 now)
{
  gint place = g_atomic_int_get(&targets->favourite);

  if (targets->addresses->len < 2)
    return NULL;
  if (targets->policy == RACER_POLICY_SPREAD)
    return draw(targets, now);
  return place == 0 || now / G_USEC_PER_SEC >= g_atomic_int_get(&targets->favourite_until) ? NULL : nth(targets, place - 1);
}

/* An average over the last few; one slow answer does not make it slow. */
static void learn_time(RacerTarget *target, guint usec)
{
  gint usual = g_atomic_int_get(&target->usual_usec);

  g_atomic_int_set(&target->usual_usec, MAX(1, usual ? (usual * 7 + (gint)usec) / 8 : (gint)usec));
}

void racer_targets_learn(RacerTargets *targets, RacerTarget *target, guint usec, gboolean whole, gint64 now)
{
  learn_time(target, MIN(usec, G_MAXINT / 8));
  if (!whole || targets->remember == 0)
    return;
  g_atomic_int_set(&targets->favourite_until, (now + targets->remember * G_GINT64_CONSTANT(1000)) / G_USEC_PER_SEC);
  g_atomic_int_set(&targets->favourite, target - nth(targets, 0) + 1);
}

void racer_targets_forget(RacerTargets *targets, RacerTarget *favourite, gint64 now)
{
  g_atomic_int_set(&targets->favourite, 0);
  if (favourite)
    g_atomic_int_set(&favourite->avoid_until, now / G_USEC_PER_SEC + AVOID_SECONDS);
}

RacerTarget *racer_targets_find(RacerTargets *targets, const struct sockaddr_storage *address, const RacerEndpoint *endpoint)
{
  for (guint i = 0; i < targets->addresses->len; i++) {
    RacerTarget *target = nth(targets, i);
    if (memcmp(&target->address, address, target->length) == 0 && racer_endpoint_same_source(target->endpoint, endpoint))
      return target;
  }
  return NULL;
}

gboolean racer_target_precedes(const RacerTarget *a, const RacerTarget *b)
{
  gint usual_a = g_atomic_int_get(&a->usual_usec), usual_b = g_atomic_int_get(&b->usual_usec);

  if (a->priority != b->priority)
    return a->priority < b->priority;
  return usual_a != 0 && (usual_b == 0 || usual_a < usual_b);
}

RacerTargets *racer_targets_ref(RacerTargets *targets)
{
  g_atomic_ref_count_inc(&targets->references);
  return targets;
}

void racer_targets_unref(RacerTargets *targets)
{
  if (!g_atomic_ref_count_dec(&targets->references))
    return;
  g_array_unref(targets->addresses);
  g_ptr_array_unref(targets->unknown);
  g_free(targets);
}
