/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "racer/targets.h"

#include <string.h>

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
  targets->remember = settings->remember;
  targets->connect_timeout = settings->connect_timeout;
  targets->idle_timeout = settings->idle_timeout;
  targets->addresses = g_array_new(FALSE, FALSE, sizeof(RacerTarget));
  g_array_set_clear_func(targets->addresses, target_clear);
  targets->unknown = g_ptr_array_new_with_free_func(g_free);
  return targets;
}

void racer_targets_add(RacerTargets *targets, RacerEndpoint *endpoint, const NeoAddress *address)
{
  RacerTarget target = { .endpoint = racer_endpoint_ref(endpoint) };

  target.length = neo_address_to_sockaddr(address, endpoint->port, &target.address);
  g_array_append_val(targets->addresses, target);
}

RacerTarget *racer_targets_favourite(RacerTargets *targets, gint64 now)
{
  gint place = g_atomic_int_get(&targets->favourite);

  if (place == 0 || targets->addresses->len < 2 || now / G_USEC_PER_SEC >= g_atomic_int_get(&targets->favourite_until))
    return NULL;
  return &g_array_index(targets->addresses, RacerTarget, place - 1);
}

/* An average over the last few; one slow answer does not make it slow. */
static void learn_time(RacerTarget *target, guint usec)
{
  gint usual = g_atomic_int_get(&target->usual_usec);

  g_atomic_int_set(&target->usual_usec, MAX(1, usual ? (usual * 7 + (gint)usec) / 8 : (gint)usec));
}

void racer_targets_learn(RacerTargets *targets, const struct sockaddr_storage *address, guint usec, gboolean whole, gint64 now)
{
  for (guint i = 0; i < targets->addresses->len; i++) {
    RacerTarget *target = &g_array_index(targets->addresses, RacerTarget, i);
    if (memcmp(&target->address, address, target->length) != 0)
      continue;
    learn_time(target, MIN(usec, G_MAXINT / 8));
    if (whole && targets->remember) {
      g_atomic_int_set(&targets->favourite_until, (now + targets->remember * G_GINT64_CONSTANT(1000)) / G_USEC_PER_SEC);
      g_atomic_int_set(&targets->favourite, i + 1);
    }
    return;
  }
}

void racer_targets_forget(RacerTargets *targets)
{
  g_atomic_int_set(&targets->favourite, 0);
}

gboolean racer_target_precedes(const RacerTarget *a, const RacerTarget *b)
{
  gint usual_a = g_atomic_int_get(&a->usual_usec), usual_b = g_atomic_int_get(&b->usual_usec);

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
