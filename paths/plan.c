/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "paths/plan.h"

typedef struct {
  const NeoObserved *seen;
  const NeoDesired *desired;
  GArray *plan;
} Planner;

static void add(Planner *planner, NeoOperation *operation)
{
  const NeoLink *link = operation->link ? neo_observed_link(planner->seen, operation->link) : NULL;

  if (link)
    g_strlcpy(operation->name, link->name, sizeof operation->name);
  g_array_append_val(planner->plan, *operation);
}

static const NeoWantedEndpoint *find_wanted(const NeoDesired *desired, const NeoAddress *address)
{
  for (guint i = 0; i < desired->endpoints->len; i++) {
    const NeoWantedEndpoint *wanted = &g_array_index(desired->endpoints, NeoWantedEndpoint, i);
    if (neo_address_equal(&wanted->address, address))
      return wanted;
  }
  return NULL;
}

/* The rule is what says that the MPTCP endpoint of its address is Neo's. */
static gboolean is_ours(const NeoObserved *seen, const NeoMptcpEndpoint *endpoint)
{
  for (guint i = 0; i < seen->rules->len; i++) {
    const NeoRule *rule = &g_array_index(seen->rules, NeoRule, i);
    if (rule->priority == NEO_RULE_FROM && rule->from_length && neo_address_equal(&rule->from, &endpoint->address))
      return TRUE;
  }
  return FALSE;
}

static void remove_endpoints(Planner *planner)
{
  for (guint i = 0; i < planner->seen->endpoints->len; i++) {
    const NeoMptcpEndpoint *endpoint = &g_array_index(planner->seen->endpoints, NeoMptcpEndpoint, i);
    const NeoWantedEndpoint *wanted = find_wanted(planner->desired, &endpoint->address);
    if (is_ours(planner->seen, endpoint) && (!wanted || wanted->link != endpoint->link))
      add(planner, &(NeoOperation){ .kind = NEO_ENDPOINT_REMOVE, .endpoint = *endpoint });
  }
}

/* The path that a rule is of, so that what depends on the rule is not done without it. */
static int link_of_rule(const NeoObserved *seen, const NeoRule *rule)
{
  if (*rule->oif) {
    const NeoLink *link = neo_observed_link_named(seen, rule->oif);
    return link ? link->index : 0;
  }
  for (guint i = 0; rule->from_length && i < seen->locals->len; i++) {
    const NeoLocal *local = &g_array_index(seen->locals, NeoLocal, i);
    if (neo_address_equal(&local->address, &rule->from))
      return local->link;
  }
  return 0;
}

/* Marks first: what was there before must be on record before it changes. */
static void add_rules(Planner *planner, gboolean marks)
{
  for (guint i = 0; i < planner->desired->rules->len; i++) {
    const NeoRule *rule = &g_array_index(planner->desired->rules, NeoRule, i);
    if ((rule->priority == NEO_RULE_MARK) == marks && !neo_rules_contain(planner->seen->rules, rule))
      add(planner, &(NeoOperation){ .kind = NEO_RULE_ADD, .link = link_of_rule(planner->seen, rule), .rule = *rule });
  }
}

static void set_sysctls(Planner *planner)
{
  for (guint i = 0; i < planner->desired->sysctls->len; i++) {
    const NeoWantedSysctls *wanted = &g_array_index(planner->desired->sysctls, NeoWantedSysctls, i);
    const NeoLink *link = neo_observed_link(planner->seen, wanted->link);
    for (guint j = 0; link && j < NEO_N_SYSCTLS; j++)
      if (link->sysctls.value[j] != wanted->sysctls.value[j])
        add(planner, &(NeoOperation){ .kind = NEO_SYSCTL_SET, .link = link->index, .sysctl = j, .value = wanted->sysctls.value[j] });
  }
}

static void set_limits(Planner *planner)
{
  const NeoMptcpLimits *now = &planner->seen->limits, *wanted = &planner->desired->limits;

  if (planner->seen->mptcp && (now->subflows != wanted->subflows || now->add_addr_accepted != wanted->add_addr_accepted))
    add(planner, &(NeoOperation){ .kind = NEO_LIMITS_SET, .limits = *wanted });
}

static void add_endpoints(Planner *planner)
{
  for (guint i = 0; i < planner->desired->endpoints->len; i++) {
    const NeoWantedEndpoint *wanted = &g_array_index(planner->desired->endpoints, NeoWantedEndpoint, i);
    const NeoMptcpEndpoint *now = neo_observed_endpoint(planner->seen, &wanted->address);
    NeoOperation operation = { .kind = NEO_ROUTE_CHECK, .link = wanted->link, .endpoint = { .address = wanted->address, .link = wanted->link } };
    if (now && now->link == wanted->link)
      continue;
    add(planner, &operation);
    operation.kind = NEO_ENDPOINT_ADD;
    add(planner, &operation);
  }
}

/* In reverse: marks last. */
static void remove_rules(Planner *planner, gboolean marks)
{
  for (guint i = planner->seen->rules->len; i-- > 0;) {
    const NeoRule *rule = &g_array_index(planner->seen->rules, NeoRule, i);
    if ((rule->priority == NEO_RULE_MARK) == marks && !neo_rules_contain(planner->desired->rules, rule))
      add(planner, &(NeoOperation){ .kind = NEO_RULE_REMOVE, .rule = *rule });
  }
}

GArray *neo_plan(const NeoObserved *seen, const NeoDesired *desired)
{
  Planner planner = { seen, desired, g_array_new(FALSE, FALSE, sizeof(NeoOperation)) };

  if (seen->mptcp)
    remove_endpoints(&planner);
  add_rules(&planner, TRUE);
  add_rules(&planner, FALSE);
  set_sysctls(&planner);
  set_limits(&planner);
  add_endpoints(&planner);
  remove_rules(&planner, FALSE);
  remove_rules(&planner, TRUE);
  return planner.plan;
}

static char *mark_to_string(const NeoRule *rule)
{
  guint32 kind = rule->mark >> 16, value = rule->mark & 0xffff;

  switch (kind) {
  case NEO_MARK_ALONE:
    return g_strdup_printf("mark %s: left alone", rule->oif);
  case NEO_MARK_GOING:
    return g_strdup_printf("mark %s: going down", rule->oif);
  case NEO_MARK_SYSCTL:
    return g_strdup_printf("mark %s: arp_ignore was %u, arp_announce %u, rp_filter %u", rule->oif,
                           value & 0xf, value >> 4 & 0xf, value >> 8 & 0xf);
  case NEO_MARK_LIMITS:
    return g_strdup_printf("mark: MPTCP limits were subflows %u add_addr_accepted %u", value >> 8, value & 0xff);
  default:
    return g_strdup_printf("mark 0x%x", rule->mark);
  }
}

static char *rule_to_string(const NeoRule *rule)
{
  if (rule->priority == NEO_RULE_MARK)
    return mark_to_string(rule);
  if (rule->from_length) {
    g_autofree char *from = neo_address_to_string(&rule->from);
    return g_strdup_printf("rule %u: from %s lookup %u", rule->priority, from, rule->table);
  }
  return g_strdup_printf("rule %u: %s oif %s lookup %u", rule->priority, rule->family == AF_INET ? "IPv4" : "IPv6", rule->oif, rule->table);
}

char *neo_operation_to_string(const NeoOperation *operation)
{
  g_autofree char *address = neo_address_to_string(&operation->endpoint.address), *rule = rule_to_string(&operation->rule);

  switch (operation->kind) {
  case NEO_ENDPOINT_REMOVE:
    return g_strdup_printf("remove MPTCP endpoint %s", address);
  case NEO_RULE_ADD:
    return g_strdup_printf("add %s", rule);
  case NEO_SYSCTL_SET:
    return g_strdup_printf("set net/ipv4/conf/%s/%s to %u", operation->name, neo_sysctl_name(operation->sysctl), operation->value);
  case NEO_LIMITS_SET:
    return g_strdup_printf("set MPTCP limits subflows %u add_addr_accepted %u", operation->limits.subflows, operation->limits.add_addr_accepted);
  case NEO_ROUTE_CHECK:
    return g_strdup_printf("check that %s leaves by %s", address, operation->name);
  case NEO_ENDPOINT_ADD:
    return g_strdup_printf("add MPTCP endpoint %s dev %s", address, operation->name);
  case NEO_RULE_REMOVE:
    return g_strdup_printf("remove %s", rule);
  }
  return g_strdup("?");
}
