/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/check.h"
#include "cli/rule-counters.h"
#include "xtables-ext/relay-rules.h"

/* TRUE if @unit is active; a finding if not. A state that was not seen says nothing. */
static gboolean check_unit(NeoReport *report, const char *subject, const char *unit, const char *state)
{
  if (!state || g_str_equal(state, "active"))
    return TRUE;
  neo_report_bad(report, NEO_VERDICT_FAIL, subject, g_strdup_printf("%s is %s", unit, state), g_strdup("active"),
                 g_strdup_printf("systemctl start %s (why not: journalctl -u %s)", unit, unit));
  return FALSE;
}

static gboolean is_terminal(const char *target)
{
  static const char *const targets[] = { "DROP", "REJECT", "DNAT", "REDIRECT", NULL };

  return target && g_strv_contains(targets, target);
}

/* What stands before the jump from @from to @chain and ends the way of packets: "", or NULL if there is no jump. */
static const char *before_jump(const GArray *counters, const char *table, const char *from, const char *chain)
{
  const char *obstacle = "";

  for (guint i = 0; i < counters->len; i++) {
    const NeoRuleCounter *counter = &g_array_index(counters, NeoRuleCounter, i);
    if (!g_str_equal(counter->table, table) || !g_str_equal(counter->chain, from))
      continue;
    g_autofree char *target = neo_rule_option(counter->rule, "-j");
    if (g_strcmp0(target, chain) == 0)
      return obstacle;
    if (is_terminal(target))
      obstacle = counter->rule;
  }
  return NULL;
}

static gboolean check_jump(NeoReport *report, const char *subject, const NeoStatusRelay *relay, const char *table, const char *from, const char *chain,
                           const GArray *counters)
{
  const char *obstacle = before_jump(counters, table, from, chain);

  if (obstacle && !*obstacle)
    return TRUE;
  neo_report_bad(report, NEO_VERDICT_FAIL, subject,
                 obstacle ? g_strdup_printf("%s: %s stands before %s", table, obstacle, chain)
                          : g_strdup_printf("%s: %s is not called from %s", table, chain, from),
                 g_strdup_printf("%s first in %s", chain, from), g_strdup_printf("systemctl reload %s", relay->unit));
  return FALSE;
}

/* A built-in chain calls the one that relays share, and that one the relay's own. */
static gboolean check_chain(NeoReport *report, const char *subject, const NeoStatusRelay *relay, NeoRelayChain which, const GArray *counters)
{
  const NeoIptablesBase *base = &neo_relay_bases[which];
  const char *shared = neo_relay_shared_chain(which);
  g_autofree char *own = neo_relay_chain_name(which, relay->name);

  return check_jump(report, subject, relay, base->table, base->chain, shared, counters) &&
         (!own || check_jump(report, subject, relay, base->table, shared, own, counters));
}

static void check_relay(NeoReport *report, const NeoStatusRelay *relay, const GArray *counters)
{
  g_autofree char *subject = g_strdup_printf("relay %s", relay->name);

  if (!check_unit(report, subject, relay->unit, relay->service))
    return;
  if (!counters)
    neo_report_bad(report, NEO_VERDICT_WARN, subject, g_strdup("its rules were not seen"), g_strdup("readable"), g_strdup("sudo neo check"));
  else if (relay->rules == 0)
    neo_report_bad(report, NEO_VERDICT_FAIL, subject, g_strdup("none of its rules stands"), g_strdup("rules in neo-in-NAME and neo-out-NAME"),
                   g_strdup_printf("systemctl reload %s", relay->unit));
  else if (check_chain(report, subject, relay, NEO_RELAY_CHAIN_IN, counters) &&
           check_chain(report, subject, relay, NEO_RELAY_CHAIN_STANDING, counters) &&
           check_chain(report, subject, relay, NEO_RELAY_CHAIN_FORWARD, counters) &&
           check_chain(report, subject, relay, NEO_RELAY_CHAIN_OUT, counters))
    neo_report_ok(report, subject, "%s to %s, rules stand", relay->listen ? relay->listen : "-", relay->proxy ? relay->proxy : "-");
}

void neo_check_relays(NeoReport *report, const NeoStatus *status, const GArray *counters)
{
  if (!status->relays->len)
    neo_report_bad(report, NEO_VERDICT_FAIL, "relay", g_strdup("none"), g_strdup(NEO_CONFDIR "/relay/NAME.conf"),
                   g_strdup("systemctl enable --now neo-relay@NAME"));
  for (guint i = 0; i < status->relays->len; i++)
    check_relay(report, status->relays->pdata[i], counters);
}

static void check_announced(NeoReport *report, const NeoStatusProxy *proxy, const char *subject)
{
  guint before = report->findings->len;

  for (guint i = 0; i < proxy->announced->len; i++) {
    const NeoStatusAnnounced *announced = &g_array_index(proxy->announced, NeoStatusAnnounced, i);
    g_autofree char *address = neo_address_to_string(&announced->address);
    if (!announced->announced)
      neo_report_bad(report, NEO_VERDICT_FAIL, subject, g_strdup_printf("%s is not announced", address), g_strdup("an MPTCP endpoint in its namespace"),
                     g_strdup_printf("systemctl reload neo-netns@%s", proxy->name));
  }
  if (report->findings->len == before)
    neo_report_ok(report, subject, "%s runs, %u addresses are announced", proxy->service ? proxy->service : "-", proxy->announced->len);
}

static void check_proxy(NeoReport *report, const NeoStatusProxy *proxy)
{
  g_autofree char *subject = g_strdup_printf("proxy %s", proxy->name), *unit = g_strdup_printf("neo-netns@%s", proxy->name);

  if (!check_unit(report, subject, unit, proxy->netns_state) ||
      (proxy->service && !check_unit(report, subject, proxy->service, proxy->service_state)))
    return;
  if (!proxy->up)
    neo_report_bad(report, NEO_VERDICT_FAIL, subject, g_strdup("its namespace is not there"), g_strdup_printf("/run/netns/neo-%s", proxy->name),
                   g_strdup_printf("systemctl restart %s", unit));
  else if (!proxy->seen)
    neo_report_bad(report, NEO_VERDICT_WARN, subject, g_strdup("its namespace was not seen"), g_strdup("readable"), g_strdup("sudo neo check"));
  else
    check_announced(report, proxy, subject);
}

void neo_check_proxies(NeoReport *report, const NeoStatus *status)
{
  if (!status->proxies->len)
    neo_report_bad(report, NEO_VERDICT_FAIL, "proxy", g_strdup("none"), g_strdup(NEO_CONFDIR "/proxy/NAME.conf"),
                   g_strdup("systemctl enable --now neo-netns@NAME"));
  for (guint i = 0; i < status->proxies->len; i++)
    check_proxy(report, status->proxies->pdata[i]);
}

static void check_racer(NeoReport *report, const NeoStatusRacer *racer)
{
  g_autofree char *subject = g_strdup_printf("racer %s", racer->name);
  g_autofree char *socket = g_strdup_printf("neo-racer@%s.socket", racer->name), *service = g_strdup_printf("neo-racer@%s.service", racer->name);

  if (racer->service_state && g_str_equal(racer->service_state, "failed"))
    check_unit(report, subject, service, racer->service_state);
  else if (racer->service_state && g_str_equal(racer->service_state, "active"))
    neo_report_ok(report, subject, "runs; %" G_GUINT64_FORMAT " open", racer->open);
  else if (check_unit(report, subject, socket, racer->socket_state))
    neo_report_ok(report, subject, "waits for a client; %u endpoints", racer->wins->len);
}

void neo_check_racers(NeoReport *report, const NeoStatus *status)
{
  if (!status->racers->len)
    neo_report_bad(report, NEO_VERDICT_FAIL, "racer", g_strdup("none"), g_strdup(NEO_CONFDIR "/racer/PORT.conf"),
                   g_strdup("systemctl enable --now neo-racer@PORT.socket"));
  for (guint i = 0; i < status->racers->len; i++)
    check_racer(report, status->racers->pdata[i]);
}
