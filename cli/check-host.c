/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "cli/check.h"
#include "cli/rule-counters.h"
#include "common/process.h"
#include "common/sysctl.h"

void neo_check_mptcp(NeoReport *report, const char *enabled, const char *where)
{
  g_autofree char *subject = where ? g_strdup_printf("mptcp in %s", where) : g_strdup("mptcp");
  g_autofree char *enter = where ? g_strdup_printf("ip netns exec neo-%s ", where) : g_strdup("");

  if (!enabled)
    neo_report_bad(report, NEO_VERDICT_FAIL, subject, g_strdup("this kernel has no Multipath TCP"),
                   g_strdup("Linux 6.1 or newer with CONFIG_MPTCP"), NULL);
  else if (!g_str_has_prefix(enabled, "1"))
    neo_report_bad(report, NEO_VERDICT_FAIL, subject, g_strdup("net.mptcp.enabled=0"), g_strdup("1"),
                   g_strdup_printf("%ssysctl -w net.mptcp.enabled=1", enter));
  else
    neo_report_ok(report, subject, "on");
}

/* The counter @name of the pair of lines that begin with @group: names, then values. -1 if there is none. */
static gint64 read_counter(const char *netstat, const char *group, const char *name)
{
  g_auto(GStrv) lines = g_strsplit(netstat, "\n", -1);

  for (char **line = lines; line[0] && line[1]; line++) {
    if (!g_str_has_prefix(line[0], group) || !g_str_has_prefix(line[1], group))
      continue;
    g_auto(GStrv) names = g_strsplit(line[0], " ", -1), values = g_strsplit(line[1], " ", -1);
    for (guint i = 1; names[i] && i < g_strv_length(values); i++)
      if (g_str_equal(names[i], name))
        return g_ascii_strtoll(values[i], NULL, 10);
  }
  return -1;
}

void neo_check_blackhole(NeoReport *report, const char *netstat)
{
  static const char subject[] = "blackhole";
  gint64 count = read_counter(netstat, "MPTcpExt:", "Blackhole");

  if (count > 0)
    neo_report_bad(report, NEO_VERDICT_WARN, subject,
                   g_strdup_printf("the kernel has switched MPTCP off %" G_GINT64_FORMAT " times since it booted, after connections that failed", count),
                   g_strdup("never; while it is off new connections are plain TCP"),
                   g_strdup("sysctl -w net.mptcp.blackhole_timeout=3600 (writing it switches MPTCP on again)"));
  else
    neo_report_ok(report, subject, "%s", count ? "this kernel does not tell" : "MPTCP was never switched off");
}

static gboolean has_rules(const char *saved)
{
  return g_str_has_prefix(saved, "-A ") || strstr(saved, "\n-A ");
}

void neo_check_backends(NeoReport *report, const char *legacy, gboolean nft)
{
  static const char subject[] = "iptables";

  if (nft && has_rules(legacy))
    neo_report_bad(report, NEO_VERDICT_WARN, subject, g_strdup("rules both in nf_tables and in the legacy tables"),
                   g_strdup("all in one, or each packet passes both"), g_strdup("iptables-legacy-save, then move or delete what it shows"));
  else
    neo_report_ok(report, subject, "one backend");
}

/* Whether @list ("5,30" or "sack,mptcp") names option 30. */
static gboolean names_option(const char *list)
{
  g_auto(GStrv) words = g_strsplit(list ? list : "", ",", -1);

  return g_strv_contains((const char *const *)words, "30") || g_strv_contains((const char *const *)words, "mptcp");
}

static gboolean takes_option_out(const NeoRuleCounter *counter)
{
  g_autofree char *option = neo_rule_option(counter->rule, "--tcp-option"), *target = neo_rule_option(counter->rule, "-j");
  g_autofree char *stripped = neo_rule_option(counter->rule, "--strip-options");

  if (!target)
    return FALSE;
  return (option && names_option(option) && (g_str_equal(target, "DROP") || g_str_equal(target, "REJECT"))) || names_option(stripped);
}

static const char *find_nft_rule(char *const *lines)
{
  for (; *lines; lines++) {
    const char *about = strstr(*lines, "tcp option mptcp");
    about = about ? about : strstr(*lines, "tcp option 30 ");
    if (about && (strstr(about, "drop") || strstr(about, "reject") || strstr(*lines, "reset tcp option")))
      return *lines;
  }
  return NULL;
}

void neo_check_option(NeoReport *report, const GArray *counters, const char *ruleset, const char *where)
{
  g_autofree char *subject = where ? g_strdup_printf("firewall in %s", where) : g_strdup("firewall");
  g_auto(GStrv) lines = g_strsplit(ruleset ? ruleset : "", "\n", -1);
  const char *nft = find_nft_rule(lines);
  guint before = report->findings->len;

  for (guint i = 0; i < counters->len; i++) {
    const NeoRuleCounter *counter = &g_array_index(counters, NeoRuleCounter, i);
    if (takes_option_out(counter))
      neo_report_bad(report, NEO_VERDICT_FAIL, subject, g_strdup_printf("%s: %s", counter->table, counter->rule),
                     g_strdup("no rule that drops or strips TCP option 30"),
                     g_strdup_printf("iptables -t %s -D%s", counter->table, counter->rule + strlen("-A")));
  }
  if (report->findings->len == before && nft)
    neo_report_bad(report, NEO_VERDICT_FAIL, subject, g_strstrip(g_strdup(nft)), g_strdup("no rule that drops or strips TCP option 30"),
                   g_strdup("nft -a list ruleset, then nft delete rule ... handle N"));
  if (report->findings->len == before)
    neo_report_ok(report, subject, "no rule about TCP option 30");
}

void neo_check_conntrack(NeoReport *report, guint64 count, guint64 max)
{
  static const char subject[] = "conntrack";
  char *seen = g_strdup_printf("%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " entries used", count, max);

  if (!max || count * 10 < max * 8) {
    neo_report_ok(report, subject, "%s", seen);
    g_free(seen);
    return;
  }
  neo_report_bad(report, count * 100 >= max * 95 ? NEO_VERDICT_FAIL : NEO_VERDICT_WARN, subject, seen, g_strdup("less than 80%"),
                 g_strdup_printf("sysctl -w net.netfilter.nf_conntrack_max=%" G_GUINT64_FORMAT, max * 2));
}

void neo_check_forwarding(NeoReport *report, const char *interface, const char *key, const char *value)
{
  g_autofree char *subject = g_strdup_printf("forwarding %s", interface);
  g_autofree char *name = g_strdelimit(g_strdup(key), "/", '.');

  if (!value || g_str_has_prefix(value, "0"))
    neo_report_bad(report, NEO_VERDICT_FAIL, subject, g_strdup_printf("%s=%s", name, value ? "0" : "not there"), g_strdup("1"),
                   g_strdup_printf("sysctl -w %s=1", name));
  else
    neo_report_ok(report, subject, "%s is on", name);
}

void neo_check_macs(NeoReport *report, const GArray *macs)
{
  static const char subject[] = "MAC addresses";
  guint before = report->findings->len;

  for (guint i = 0; i < macs->len; i++)
    for (guint k = i + 1; k < macs->len; k++) {
      const NeoCheckMac *a = &g_array_index(macs, NeoCheckMac, i), *b = &g_array_index(macs, NeoCheckMac, k);
      if (g_str_equal(a->mac, b->mac))
        neo_report_bad(report, NEO_VERDICT_FAIL, subject, g_strdup_printf("%s and %s both have %s", a->name, b->name, a->mac),
                       g_strdup("one for each interface, or they take each other's packets and lease"),
                       g_strdup_printf("nmcli connection modify %s ethernet.cloned-mac-address stable && nmcli connection up %s", b->name, b->name));
    }
  if (report->findings->len == before)
    neo_report_ok(report, subject, "%u, all different", macs->len);
}

static guint64 read_number(const char *key)
{
  g_autofree char *text = neo_sysctl_read(key, NULL);

  return text ? g_ascii_strtoull(text, NULL, 10) : 0;
}

static char *run(const char *program, const char *const *argv)
{
  g_autofree char *path = g_find_program_in_path(program);
  char *output = NULL;

  if (path)
    neo_process_run(argv, NULL, &output, NULL);
  return output;
}

static void check_firewall(NeoReport *report, const char *where)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GArray) counters = neo_rule_counters_read(&error);
  g_autofree char *ruleset = counters ? run("nft", (const char *const[]){ "nft", "list", "ruleset", NULL }) : NULL;

  if (counters)
    neo_check_option(report, counters, ruleset, where);
  else
    neo_report_bad(report, NEO_VERDICT_WARN, "firewall", g_strdup_printf("not seen: %s", error->message), g_strdup("readable"), g_strdup("sudo neo check"));
}

static void check_legacy(NeoReport *report)
{
  g_autofree char *version = run("iptables", (const char *const[]){ "iptables", "--version", NULL });
  g_autofree char *tables = NULL, *legacy = NULL;

  /* Asking for legacy rules would load the legacy tables where there are none yet. */
  if (g_file_get_contents("/proc/net/ip_tables_names", &tables, NULL, NULL) && *tables)
    legacy = run("iptables-legacy-save", (const char *const[]){ "iptables-legacy-save", NULL });
  neo_check_backends(report, legacy ? legacy : "", version && strstr(version, "nf_tables"));
}

void neo_check_host(NeoReport *report, gboolean forwards)
{
  g_autofree char *enabled = neo_sysctl_read("net/mptcp/enabled", NULL), *netstat = NULL;

  neo_check_mptcp(report, enabled, NULL);
  if (enabled && g_file_get_contents("/proc/net/netstat", &netstat, NULL, NULL))
    neo_check_blackhole(report, netstat);
  check_firewall(report, NULL);
  check_legacy(report);
  if (forwards)
    neo_check_conntrack(report, read_number("net/netfilter/nf_conntrack_count"), read_number("net/netfilter/nf_conntrack_max"));
}
