/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "systemd-units/proxy-rules.h"

#include <string.h>

/*
 * How a packet goes. C is a client, R a relay, P an address of the host, I and M_R stand for P and R on the link.
 *
 *   direct     C -> P:port     host: to I          inside: to P:inside port     P, which is announced, is local there
 *   relayed    R -> P:port     host: to I, from    inside: from M_R, so to R    R, which is announced, is local there,
 *                              R becomes M_R                                    and no source is an address of its own
 *   outwards   inside -> X     host: masqueraded
 */

const NeoIptablesBase neo_proxy_bases[NEO_PROXY_N_BASES] = {
  { "nat", "PREROUTING", NULL }, { "nat", "OUTPUT", NULL },   { "nat", "POSTROUTING", NULL },
  { "filter", "FORWARD", NULL }, { "filter", "INPUT", NULL },
};
/* The chain that each calls. */
static const char *const suffixes[NEO_PROXY_N_BASES] = { "pre", "pre", "post", "fwd", "in" };
static const char *const tables[] = { "nat", "filter" };

/* A relay or another proxy on this host forwards by DNAT too: its packets are not ours to drop. */
#define GUARD "-m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP"

/* Appends "-A chain RULE". */
static void rule(GString *text, const NeoProxyPlan *plan, const char *suffix, const char *format, ...)
    G_GNUC_PRINTF(4, 5);

static void rule(GString *text, const NeoProxyPlan *plan, const char *suffix, const char *format, ...)
{
  g_autofree char *chain = neo_proxy_chain_name(plan->name, suffix);
  va_list args;

  g_string_append_printf(text, "-A %s ", chain);
  va_start(args, format);
  g_string_append_vprintf(text, format, args);
  va_end(args);
  g_string_append_c(text, '\n');
}

/* ADDRESS:PORT for a DNAT. */
static char *target(const NeoAddress *address, guint16 port)
{
  g_autofree char *text = neo_address_to_string(address);
  return g_strdup_printf(address->family == AF_INET ? "%s:%u" : "[%s]:%u", text, port);
}

static char *network(const NeoProxyPlan *plan, sa_family_t family)
{
  const NeoPrefix *prefix = family == AF_INET ? &plan->subnet : &plan->subnet6;
  g_autofree char *address = neo_address_to_string(&prefix->address);

  return g_strdup_printf("%s/%u", address, prefix->length);
}

static void listen_rules(GString *text, const NeoProxyPlan *plan, sa_family_t family)
{
  g_autofree char *host = neo_address_to_string(&plan->host[family == AF_INET6]);

  for (guint i = 0; i < plan->listen->len; i++) {
    const NeoProxyMapping *mapping = &g_array_index(plan->listen, NeoProxyMapping, i);
    g_autofree char *address = neo_address_to_string(&mapping->address);
    if (mapping->address.family != family)
      continue;
    for (guint j = 0; j < plan->ports->len; j++) {
      guint16 port = g_array_index(plan->ports, NeoProxyPort, j).port;
      g_autofree char *to = target(&mapping->mapped, port);
      rule(text, plan, "pre", "-d %s -p tcp --dport %u -j DNAT --to-destination %s", address, port, to);
    }
    /* Only the host itself sends from its address, and inside it is a local one. */
    rule(text, plan, "post", "-s %s -o %s -j SNAT --to-source %s", address, plan->link, host);
  }
}

static void relay_rules(GString *text, const NeoProxyPlan *plan, sa_family_t family)
{
  for (guint i = 0; i < plan->relays->len; i++) {
    const NeoProxyMapping *mapping = &g_array_index(plan->relays, NeoProxyMapping, i);
    if (mapping->address.family != family)
      continue;
    g_autofree char *address = neo_address_to_string(&mapping->address),
                    *mapped = neo_address_to_string(&mapping->mapped);
    rule(text, plan, "post", "-s %s -o %s -j SNAT --to-source %s", address, plan->link, mapped);
  }
}

static void nat_rules(GString *text, const NeoProxyPlan *plan, sa_family_t family)
{
  g_autofree char *subnet = network(plan, family);

  listen_rules(text, plan, family);
  relay_rules(text, plan, family);
  for (guint i = 0; i < plan->uplinks->len; i++) {
    const NeoProxyUplink *uplink = &g_array_index(plan->uplinks, NeoProxyUplink, i);
    if (uplink->family == family)
      rule(text, plan, "post", "-s %s -o %s -j MASQUERADE", subnet, uplink->link);
  }
}

static void resolver_rules(GString *text, const NeoProxyPlan *plan, sa_family_t family)
{
  static const char *const protocols[] = { "udp", "tcp" };

  for (guint i = 0; i < plan->host_resolvers->len; i++) {
    const NeoAddress *resolver = &g_array_index(plan->host_resolvers, NeoAddress, i);
    g_autofree char *address = neo_address_to_string(resolver);
    for (guint j = 0; resolver->family == family && j < G_N_ELEMENTS(protocols); j++)
      rule(text, plan, "in", "-d %s -i %s -p %s --dport 53 -j ACCEPT", address, plan->link, protocols[j]);
  }
}

#define REPLIES "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"

/* The client that tries the joins reaches the proxy, as any other does, and the relays. */
static void probe_rules(GString *text, const NeoProxyPlan *plan, sa_family_t family)
{
  guint16 port = g_array_index(plan->ports, NeoProxyPort, 0).port;

  for (guint i = 0; i < plan->relays->len; i++) {
    const NeoAddress *relay = &g_array_index(plan->relays, NeoProxyMapping, i).address;
    g_autofree char *address = neo_address_to_string(relay);
    if (relay->family == family)
      rule(text, plan, "fwd", "-d %s -i %s -p tcp --dport %u -j ACCEPT", address, plan->probe_link, port);
  }
  rule(text, plan, "fwd", "-i %s -j DROP", plan->probe_link);
  rule(text, plan, "fwd", "-o %s " REPLIES, plan->probe_link);
  rule(text, plan, "fwd", "-o %s -j DROP", plan->probe_link);
  rule(text, plan, "in", "-i %s -j DROP", plan->probe_link);
}

static void forward_rules(GString *text, const NeoProxyPlan *plan, sa_family_t family)
{
  g_autofree char *subnet = network(plan, family);

  for (guint i = 0; i < plan->uplinks->len; i++) {
    const NeoProxyUplink *uplink = &g_array_index(plan->uplinks, NeoProxyUplink, i);
    if (uplink->family == family)
      rule(text, plan, "fwd", "-s %s -i %s -o %s -j ACCEPT", subnet, plan->link, uplink->link);
  }
  if (plan->probe)
    rule(text, plan, "fwd", "-i %s -o %s " REPLIES, plan->link, plan->probe_link);
  rule(text, plan, "fwd", "-i %s -j DROP", plan->link);
  for (guint i = 0; i < plan->ports->len; i++)
    rule(text, plan, "fwd", "-o %s -p tcp --dport %u -m conntrack --ctstate DNAT -j ACCEPT", plan->link,
         g_array_index(plan->ports, NeoProxyPort, i).port);
  rule(text, plan, "fwd", "-o %s " REPLIES, plan->link);
  rule(text, plan, "fwd", "-o %s -j DROP", plan->link);
  if (plan->probe)
    probe_rules(text, plan, family);
  if (plan->guard_ipv6 && family == AF_INET6)
    rule(text, plan, "fwd", GUARD);
  for (guint i = 0; i < plan->uplinks->len; i++) {
    const NeoProxyUplink *uplink = &g_array_index(plan->uplinks, NeoProxyUplink, i);
    if (uplink->family == family && uplink->guarded)
      rule(text, plan, "fwd", "-i %s " GUARD, uplink->link);
  }
}

static void filter_rules(GString *text, const NeoProxyPlan *plan, sa_family_t family)
{
  forward_rules(text, plan, family);
  resolver_rules(text, plan, family);
  rule(text, plan, "in", "-i %s " REPLIES, plan->link);
  rule(text, plan, "in", "-i %s -j DROP", plan->link);
}

static void declare_chains(GString *text, const NeoProxyPlan *plan, const char *table)
{
  for (guint i = 0; i < NEO_PROXY_N_BASES; i++) {
    g_autofree char *chain = neo_proxy_chain_name(plan->name, suffixes[i]);
    g_autofree char *line = g_strdup_printf(":%s - [0:0]\n", chain);
    if (g_str_equal(neo_proxy_bases[i].table, table) && !strstr(text->str, line))
      g_string_append(text, line);
  }
}

static void add_jumps(GString *text, const NeoProxyPlan *plan, const char *table, const NeoIptablesSaved *saved)
{
  for (guint i = 0; i < NEO_PROXY_N_BASES; i++) {
    const NeoIptablesBase *base = &neo_proxy_bases[i];
    g_autofree char *chain = neo_proxy_chain_name(plan->name, suffixes[i]), *jump = neo_iptables_jump(base, chain);
    /* First in FORWARD and INPUT: a firewall's last word there is often DROP. */
    if (g_str_equal(base->table, table) && !neo_iptables_saved_jumps(saved, base, chain))
      g_string_append_printf(text, "-I %s\n", jump);
  }
}

char *neo_proxy_rules_add(const NeoProxyPlan *plan, sa_family_t family, const NeoIptablesSaved *saved)
{
  GString *text = g_string_new(NULL);

  for (guint i = 0; i < G_N_ELEMENTS(tables); i++) {
    g_string_append_printf(text, "*%s\n", tables[i]);
    declare_chains(text, plan, tables[i]);
    if (i == 0)
      nat_rules(text, plan, family);
    else
      filter_rules(text, plan, family);
    add_jumps(text, plan, tables[i], saved);
    g_string_append(text, "COMMIT\n");
  }
  return g_string_free(text, FALSE);
}

static void remove_jumps(GString *text, const char *name, const char *table, const NeoIptablesSaved *saved)
{
  for (guint i = 0; i < NEO_PROXY_N_BASES; i++) {
    const NeoIptablesBase *base = &neo_proxy_bases[i];
    g_autofree char *chain = neo_proxy_chain_name(name, suffixes[i]), *jump = neo_iptables_jump(base, chain);
    guint n = g_str_equal(base->table, table) ? neo_iptables_saved_jumps(saved, base, chain) : 0;
    for (; n > 0; n--)
      g_string_append_printf(text, "-D %s\n", jump);
  }
}

static void remove_chains(GString *text, const char *name, const char *table, const NeoIptablesSaved *saved)
{
  for (guint i = 0; i < NEO_PROXY_N_BASES; i++) {
    g_autofree char *chain = neo_proxy_chain_name(name, suffixes[i]);
    g_autofree char *lines = g_strdup_printf("-F %s\n-X %s\n", chain, chain);
    if (g_str_equal(neo_proxy_bases[i].table, table) && neo_iptables_saved_has_chain(saved, table, chain) &&
        !strstr(text->str, lines))
      g_string_append(text, lines);
  }
}

char *neo_proxy_rules_remove(const char *name, const NeoIptablesSaved *saved)
{
  g_autoptr(GString) all = g_string_new(NULL);

  for (guint i = 0; i < G_N_ELEMENTS(tables); i++) {
    g_autoptr(GString) text = g_string_new(NULL);
    remove_jumps(text, name, tables[i], saved);
    remove_chains(text, name, tables[i], saved);
    if (text->len)
      g_string_append_printf(all, "*%s\n%sCOMMIT\n", tables[i], text->str);
  }
  return all->len ? g_strdup(all->str) : NULL;
}

static void inside_rules(GString *text, const NeoProxyPlan *plan, const GArray *mappings, const char *side,
                         sa_family_t family)
{
  for (guint i = 0; i < mappings->len; i++) {
    const NeoProxyMapping *mapping = &g_array_index(mappings, NeoProxyMapping, i);
    g_autofree char *mapped = neo_address_to_string(&mapping->mapped);
    for (guint j = 0; mapping->address.family == family && j < plan->ports->len; j++) {
      const NeoProxyPort *port = &g_array_index(plan->ports, NeoProxyPort, j);
      g_autofree char *to = target(&mapping->address, port->inside);
      g_string_append_printf(text, "-A PREROUTING %s %s -p tcp --dport %u -j DNAT --to-destination %s\n", side, mapped,
                             port->port, to);
    }
  }
}

char *neo_proxy_rules_inside(const NeoProxyPlan *plan, sa_family_t family)
{
  GString *text = g_string_new("*nat\n");

  inside_rules(text, plan, plan->relays, "-s", family);
  inside_rules(text, plan, plan->listen, "-d", family);
  g_string_append(text, "COMMIT\n");
  return g_string_free(text, FALSE);
}
