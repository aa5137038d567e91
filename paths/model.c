/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "paths/model.h"

#include <linux/fib_rules.h>

NeoObserved *neo_observed_new(void)
{
  NeoObserved *seen = g_new0(NeoObserved, 1);

  seen->links = g_array_new(FALSE, FALSE, sizeof(NeoLink));
  seen->locals = g_array_new(FALSE, FALSE, sizeof(NeoLocal));
  seen->routes = g_array_new(FALSE, FALSE, sizeof(NeoRoute));
  seen->rules = g_array_new(FALSE, FALSE, sizeof(NeoRule));
  seen->endpoints = g_array_new(FALSE, FALSE, sizeof(NeoMptcpEndpoint));
  return seen;
}

void neo_observed_free(NeoObserved *seen)
{
  if (!seen)
    return;
  g_array_unref(seen->links);
  g_array_unref(seen->locals);
  g_array_unref(seen->routes);
  g_array_unref(seen->rules);
  g_array_unref(seen->endpoints);
  g_free(seen);
}

const NeoLink *neo_observed_link(const NeoObserved *seen, int index)
{
  for (guint i = 0; i < seen->links->len; i++) {
    const NeoLink *link = &g_array_index(seen->links, NeoLink, i);
    if (link->index == index)
      return link;
  }
  return NULL;
}

const NeoLink *neo_observed_link_named(const NeoObserved *seen, const char *name)
{
  for (guint i = 0; i < seen->links->len; i++) {
    const NeoLink *link = &g_array_index(seen->links, NeoLink, i);
    if (g_str_equal(link->name, name))
      return link;
  }
  return NULL;
}

const NeoMptcpEndpoint *neo_observed_endpoint(const NeoObserved *seen, const NeoAddress *address)
{
  for (guint i = 0; i < seen->endpoints->len; i++) {
    const NeoMptcpEndpoint *endpoint = &g_array_index(seen->endpoints, NeoMptcpEndpoint, i);
    if (neo_address_equal(&endpoint->address, address))
      return endpoint;
  }
  return NULL;
}

const NeoRule *neo_observed_mark(const NeoObserved *seen, guint32 kind, const char *oif)
{
  for (guint i = 0; i < seen->rules->len; i++) {
    const NeoRule *rule = &g_array_index(seen->rules, NeoRule, i);
    if (rule->priority == NEO_RULE_MARK && rule->mark >> 16 == kind && g_str_equal(rule->oif, oif))
      return rule;
  }
  return NULL;
}

static gboolean rule_equal(const NeoRule *a, const NeoRule *b)
{
  return a->family == b->family && a->action == b->action && a->from_length == b->from_length &&
         a->priority == b->priority && a->table == b->table && a->mark == b->mark &&
         (a->from_length == 0 || neo_address_equal(&a->from, &b->from)) && g_str_equal(a->oif, b->oif);
}

gboolean neo_rules_contain(const GArray *rules, const NeoRule *rule)
{
  for (guint i = 0; i < rules->len; i++)
    if (rule_equal(&g_array_index(rules, NeoRule, i), rule))
      return TRUE;
  return FALSE;
}

NeoRule neo_rule_from(const NeoAddress *from, guint32 table, guint32 priority)
{
  return (NeoRule){ .family = from->family, .action = FR_ACT_TO_TBL, .from = *from,
                    .from_length = neo_address_size(from) * 8, .priority = priority, .table = table };
}

NeoRule neo_rule_oif(sa_family_t family, const char *oif, guint32 table)
{
  NeoRule rule = { .family = family, .action = FR_ACT_TO_TBL, .priority = NEO_RULE_OIF, .table = table };

  g_strlcpy(rule.oif, oif, sizeof rule.oif);
  return rule;
}

NeoRule neo_rule_mark(guint32 kind, guint16 value, const char *oif)
{
  NeoRule rule = { .family = AF_INET, .action = FR_ACT_NOP, .priority = NEO_RULE_MARK, .mark = kind << 16 | value };

  g_strlcpy(rule.oif, oif, sizeof rule.oif);
  return rule;
}

const char *neo_sysctl_name(NeoSysctl sysctl)
{
  static const char *const names[] = {
    [NEO_ARP_IGNORE] = "arp_ignore", [NEO_ARP_ANNOUNCE] = "arp_announce", [NEO_RP_FILTER] = "rp_filter",
  };
  return names[sysctl];
}
