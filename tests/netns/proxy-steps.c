/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * proxy-steps NAME N: brings the proxy NAME up from a plan of its own, with a step that fails in the place of step N.
 * Prints the error and ends with 1; ends with 2 when there is no step N.
 */
#include <stdio.h>
#include <stdlib.h>

#include "common/error.h"
#include "systemd-units/proxy-steps.h"

static gboolean fail(const NeoProxyPlan *plan, const NeoProxyPlan *before, GError **error)
{
  g_set_error(error, NEO_ERROR, NEO_ERROR_SYSTEM, "this step fails");
  return FALSE;
}

static NeoAddress address(const char *text)
{
  NeoAddress parsed = { 0 };
  neo_address_parse(text, &parsed);
  return parsed;
}

static NeoProxyPlan *make_plan(const char *name)
{
  NeoProxyPlan *plan = neo_proxy_plan_new(name);
  NeoProxyPort port = { 4430, 4430 };
  NeoProxyMapping relay = { address("192.0.2.11"), address("10.9.8.32") },
                  listen = { address("192.0.2.10"), address("10.9.8.8") };
  NeoProxyUplink uplink = { g_strdup("ens3"), AF_INET, TRUE };

  plan->ipv6 = TRUE;
  neo_prefix_parse("10.9.8.0/24", &plan->subnet);
  neo_prefix_parse("fd00:1::/64", &plan->subnet6);
  neo_proxy_plan_ends(plan);
  g_array_append_val(plan->ports, port);
  g_array_append_val(plan->relays, relay);
  g_array_append_val(plan->listen, listen);
  g_array_append_val(plan->uplinks, uplink);
  return plan;
}

int main(int argc, char **argv)
{
  NeoProxyStep steps[32] = { 0 };
  guint bad = argc == 3 ? atoi(argv[2]) : 0, n = 0;
  g_autoptr(NeoProxyPlan) plan = make_plan(argc == 3 ? argv[1] : "demo");
  g_autoptr(GError) error = NULL;

  while (neo_proxy_steps[n].apply && n + 1 < G_N_ELEMENTS(steps)) {
    steps[n] = neo_proxy_steps[n];
    n++;
  }
  if (bad >= n)
    return 2;
  /* The true undo stays: a step may fail when half of it is done. */
  steps[bad].apply = fail;
  if (neo_proxy_steps_apply(steps, plan, NULL, &error))
    return 0;
  puts(error->message);
  return 1;
}
