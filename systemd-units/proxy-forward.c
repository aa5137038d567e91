/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "systemd-units/proxy-forward.h"

#include "common/forwarding.h"

static void add_link(GArray *links, sa_family_t family, const char *interface)
{
  NeoForwardingLink link = { family, interface };
  g_array_append_val(links, link);
}

GArray *neo_proxy_sysctls(const NeoProxyPlan *plan, const char *root)
{
  g_autoptr(GArray) links = g_array_new(FALSE, FALSE, sizeof(NeoForwardingLink));

  add_link(links, AF_INET, plan->link);
  if (plan->ipv6)
    add_link(links, AF_INET6, plan->link);
  if (plan->probe)
    add_link(links, AF_INET, plan->probe_link);
  if (plan->probe && plan->ipv6)
    add_link(links, AF_INET6, plan->probe_link);
  for (guint i = 0; i < plan->uplinks->len; i++) {
    const NeoProxyUplink *uplink = &g_array_index(plan->uplinks, NeoProxyUplink, i);
    add_link(links, uplink->family, uplink->link);
  }
  return neo_forwarding_sysctls(links, root);
}

void neo_proxy_guard(NeoProxyPlan *plan, const char *root, const char *state_dir)
{
  for (guint i = 0; i < plan->uplinks->len; i++) {
    NeoProxyUplink *uplink = &g_array_index(plan->uplinks, NeoProxyUplink, i);
    uplink->guarded = neo_forwarding_guard(uplink->family, uplink->link, root, state_dir) == NEO_GUARD_INTERFACE;
  }
  plan->guard_ipv6 = plan->ipv6 && neo_forwarding_guard(AF_INET6, plan->link, root, state_dir) == NEO_GUARD_ALL;
}

static char *holder(const char *name)
{
  return g_strconcat("proxy-", name, NULL);
}

gboolean neo_proxy_forward_hold(const NeoProxyPlan *plan, GError **error)
{
  g_autoptr(GArray) sysctls = neo_proxy_sysctls(plan, NEO_FORWARDING_ROOT);
  g_autofree char *who = holder(plan->name);

  return neo_forwarding_hold(sysctls, who, error);
}

gboolean neo_proxy_forward_release(const char *name, GError **error)
{
  g_autofree char *who = holder(name);

  return neo_forwarding_release(who, error);
}
