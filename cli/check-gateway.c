/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>

#include "cli/check.h"

/* A lease is renewed when half of its time is over; one that has so little left was not. */
enum { LEASE_SOON = 30 };

#define ENGINE NEO_LIBEXECDIR "/neo-pathd --once"

static int take_attr(const struct nlattr *attr, void *data)
{
  NeoCheckRule *rule = data;

  switch (mnl_attr_get_type(attr)) {
  case FRA_PRIORITY: rule->priority = mnl_attr_get_payload_len(attr) >= 4 ? mnl_attr_get_u32(attr) : 0; break;
  case FRA_TABLE: rule->table = mnl_attr_get_payload_len(attr) >= 4 ? mnl_attr_get_u32(attr) : 0; break;
  case FRA_SRC: neo_address_from_bytes(rule->family, mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr), &rule->from.address); break;
  case FRA_DST:
  case FRA_IIFNAME:
  case FRA_OIFNAME:
  case FRA_FWMARK:
  case FRA_UID_RANGE:
  case FRA_IP_PROTO:
  case FRA_SPORT_RANGE:
  case FRA_DPORT_RANGE: rule->conditional = TRUE; break;
  }
  return MNL_CB_OK;
}

gboolean neo_check_rule_parse(const struct nlmsghdr *message, NeoCheckRule *ret_rule)
{
  const struct fib_rule_hdr *header = mnl_nlmsg_get_payload(message);

  if (mnl_nlmsg_get_payload_len(message) < sizeof *header || (header->family != AF_INET && header->family != AF_INET6) ||
      header->action == FR_ACT_NOP || header->action == FR_ACT_GOTO)
    return FALSE;
  NeoCheckRule rule = { .family = header->family, .table = header->table, .from.length = header->src_len };
  rule.conditional = header->dst_len || header->tos || header->flags & FIB_RULE_INVERT;
  if (mnl_attr_parse(message, sizeof *header, take_attr, &rule) < MNL_CB_STOP)
    return FALSE;
  *ret_rule = rule;
  return TRUE;
}

static int take_rule(const struct nlmsghdr *message, void *data)
{
  NeoCheckRule rule;

  if (neo_check_rule_parse(message, &rule))
    g_array_append_val(data, rule);
  return MNL_CB_OK;
}

GArray *neo_check_rules(NeoKernel *kernel)
{
  GArray *rules = g_array_new(FALSE, FALSE, sizeof(NeoCheckRule));
  char buffer[8192];
  struct nlmsghdr *message = neo_netlink_message(buffer, RTM_GETRULE, 0);
  gboolean interrupted;

  mnl_nlmsg_put_extra_header(message, sizeof(struct fib_rule_hdr));
  neo_netlink_dump(kernel->route, message, take_rule, rules, &interrupted, NULL);
  return rules;
}

static gboolean shadows(const NeoCheckRule *rule, const NeoStatusPath *path)
{
  return rule->family == path->address.family && rule->priority < NEO_RULE_FROM && rule->table != RT_TABLE_LOCAL && rule->table != path->table &&
         !rule->conditional && (rule->from.length == 0 || neo_prefix_contains(&rule->from, &path->address));
}

static const NeoCheckRule *find_shadow(const GArray *rules, const NeoStatusPath *path)
{
  for (guint i = 0; i < rules->len; i++)
    if (shadows(&g_array_index(rules, NeoCheckRule, i), path))
      return &g_array_index(rules, NeoCheckRule, i);
  return NULL;
}

typedef struct {
  NeoReport *report;
  const NeoGatewayView *view;
  const GArray *rules;
  gboolean network_manager;
} Gateway;

static void fail(const Gateway *gateway, const char *subject, char *seen, char *expected, char *fix)
{
  neo_report_bad(gateway->report, NEO_VERDICT_FAIL, subject, seen, expected, fix);
}

static char *renew(const Gateway *gateway, const char *interface)
{
  return gateway->network_manager ? g_strdup_printf("nmcli device connect %s", interface) : g_strdup_printf("networkctl renew %s", interface);
}

static void check_missing(const Gateway *gateway, const NeoStatusPath *path, const char *subject)
{
  g_autofree char *address = neo_address_to_string(&path->address);

  if (!path->rule)
    fail(gateway, subject, g_strdup_printf("no rule for %s", address), g_strdup_printf("from %s lookup %u", address, path->table), g_strdup(ENGINE));
  else
    fail(gateway, subject, g_strdup_printf("no MPTCP endpoint for %s", address), g_strdup_printf("%s dev %s subflow", address, path->interface),
         g_strdup(ENGINE));
}

static const char *card_of(const Gateway *gateway, const char *interface)
{
  const NeoLink *link = neo_observed_link_named(gateway->view->seen, interface);
  const NeoLink *parent = link ? neo_observed_link(gateway->view->seen, link->parent) : NULL;

  return parent ? parent->name : interface;
}

static void check_down(const Gateway *gateway, const NeoStatusPath *path, const char *subject)
{
  const char *card = card_of(gateway, path->interface);
  const NeoLink *link = neo_observed_link_named(gateway->view->seen, card);

  if (link && !link->running && !g_str_equal(card, path->interface))
    fail(gateway, subject, g_strdup_printf("down: its card %s has no carrier", card), g_strdup("up"), g_strdup_printf("ip link set %s up, or the cable", card));
  else
    fail(gateway, subject, g_strdup("down"), g_strdup("up"), g_strdup_printf("ip link set %s up", path->interface));
}

static void check_up(const Gateway *gateway, const NeoStatusPath *path, const char *subject)
{
  const NeoCheckRule *shadow = find_shadow(gateway->rules, path);
  g_autofree char *address = neo_address_to_string(&path->address);

  if (shadow)
    fail(gateway, subject, g_strdup_printf("rule %u (lookup %u) takes its packets before rule %u", shadow->priority, shadow->table, NEO_RULE_FROM),
         g_strdup_printf("no such rule before %u", NEO_RULE_FROM),
         g_strdup_printf("ip %srule del priority %u", shadow->family == AF_INET ? "" : "-6 ", shadow->priority));
  else if (path->lease < LEASE_SOON)
    neo_report_bad(gateway->report, NEO_VERDICT_WARN, subject, g_strdup_printf("the lease of %s ends in %u s and was not renewed", address, path->lease),
                   g_strdup("renewed at half of its time"), renew(gateway, path->interface));
  else
    neo_report_ok(gateway->report, subject, "%s with rule, table %u%s", address, path->table, path->mptcp_endpoint > 0 ? " and MPTCP endpoint" : "");
}

static void check_path(const Gateway *gateway, const NeoStatusPath *path)
{
  g_autofree char *subject = g_strdup_printf("path %s", path->interface);

  if (g_str_equal(path->state, "down"))
    check_down(gateway, path, subject);
  else if (g_str_equal(path->state, "no address"))
    fail(gateway, subject, g_strdup("no address"), g_strdup("a lease of its network"), renew(gateway, path->interface));
  else if (g_str_equal(path->state, "no table"))
    fail(gateway, subject, g_strdup("no default route in a table of its own"), g_strdup("a table of paths.conf's range"),
         g_strdup_printf("nmcli connection modify %s ipv4.route-table 1001 && nmcli connection up %s (a table that is free)", path->interface, path->interface));
  else if (!g_str_equal(path->state, "up"))
    check_missing(gateway, path, subject);
  else
    check_up(gateway, path, subject);
}

static void check_sysctls(const Gateway *gateway)
{
  const GArray *wanted = gateway->view->desired->sysctls;
  guint before = gateway->report->findings->len;

  for (guint i = 0; i < wanted->len; i++) {
    const NeoWantedSysctls *want = &g_array_index(wanted, NeoWantedSysctls, i);
    const NeoLink *link = neo_observed_link(gateway->view->seen, want->link);
    for (guint k = 0; link && k < NEO_N_SYSCTLS; k++) {
      const char *name = neo_sysctl_name(k);
      if (link->sysctls.value[k] != want->sysctls.value[k])
        fail(gateway, name, g_strdup_printf("%s has %u", link->name, link->sysctls.value[k]), g_strdup_printf("%u", want->sysctls.value[k]),
             g_strdup_printf("sysctl -w net.ipv4.conf.%s.%s=%u", link->name, name, want->sysctls.value[k]));
    }
  }
  if (gateway->report->findings->len == before)
    neo_report_ok(gateway->report, "neighbours", "rp_filter, arp_ignore and arp_announce are right on each path");
}

static void check_limits(const Gateway *gateway)
{
  const NeoObserved *seen = gateway->view->seen;
  const NeoMptcpLimits *want = &gateway->view->desired->limits;

  if (!gateway->view->mptcp_seen)
    neo_report_bad(gateway->report, NEO_VERDICT_WARN, "limits", g_strdup("not seen"), g_strdup("readable"), g_strdup("sudo neo check"));
  else if (seen->limits.subflows < want->subflows || seen->limits.add_addr_accepted < want->add_addr_accepted)
    fail(gateway, "limits", g_strdup_printf("subflows %u add_addr_accepted %u", seen->limits.subflows, seen->limits.add_addr_accepted),
         g_strdup_printf("subflows %u add_addr_accepted %u", want->subflows, want->add_addr_accepted),
         g_strdup_printf("ip mptcp limits set subflows %u add_addr_accepted %u", want->subflows, want->add_addr_accepted));
  else
    neo_report_ok(gateway->report, "limits", "subflows %u add_addr_accepted %u; this kernel takes %u", seen->limits.subflows,
                  seen->limits.add_addr_accepted, seen->limit_max);
}

static gboolean has_main_default(const NeoObserved *seen)
{
  for (guint i = 0; i < seen->routes->len; i++) {
    const NeoRoute *route = &g_array_index(seen->routes, NeoRoute, i);
    if (route->is_default && route->table == RT_TABLE_MAIN)
      return TRUE;
  }
  return FALSE;
}

static void check_main(const Gateway *gateway, const NeoStatus *status)
{
  const char *card = card_of(gateway, g_array_index(status->paths, NeoStatusPath, 0).interface);

  if (has_main_default(gateway->view->seen))
    neo_report_ok(gateway->report, "main table", "has a default route");
  else
    fail(gateway, "main table", g_strdup("no default route"), g_strdup_printf("one by the card %s, which carries the first subflow", card),
         gateway->network_manager ? g_strdup_printf("nmcli device reapply %s", card) : g_strdup_printf("networkctl reconfigure %s", card));
}

void neo_check_gateway(NeoReport *report, const NeoStatus *status, const NeoGatewayView *view, const GArray *rules, gboolean network_manager)
{
  Gateway gateway = { report, view, rules, network_manager };

  if (!status->paths->len) {
    fail(&gateway, "paths", g_strdup("none"), g_strdup("a macvlan with a table of its own"), g_strdup("neo paths add --parent INTERFACE --count N"));
    return;
  }
  check_limits(&gateway);
  check_main(&gateway, status);
  check_sysctls(&gateway);
  for (guint i = 0; i < status->paths->len; i++)
    check_path(&gateway, &g_array_index(status->paths, NeoStatusPath, i));
  for (guint i = 0; i < status->complaints->len; i++)
    neo_report_bad(report, NEO_VERDICT_WARN, "paths", g_strdup(status->complaints->pdata[i]), NULL, NULL);
}
