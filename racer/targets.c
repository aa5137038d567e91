/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "racer/targets.h"

static void target_clear(gpointer data)
{
  RacerTarget *target = data;

  racer_endpoint_unref(target->endpoint);
}

RacerTargets *racer_targets_new(const RacerSettings *settings)
{
  RacerTargets *targets = g_new0(RacerTargets, 1);

  g_atomic_ref_count_init(&targets->references);
  targets->mptcp = settings->mptcp;
  targets->connect_timeout = settings->connect_timeout;
  targets->idle_timeout = settings->idle_timeout;
  targets->keep_alive = settings->keep_alive;
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
