/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <linux/rtnetlink.h>

#include "paths/plan.h"

/*
 * Each row is a host in words and the plan that must come of it. A host is a list of statements, each ended by ";":
 *   link INDEX NAME [parent INDEX] [down]      addr LINK ADDRESS [deprecated] [temporary]
 *   route LINK TABLE [metric N] [net]          rule PRIORITY [from ADDRESS] [oif NAME] [table N] [mark N]
 *   endpoint ADDRESS LINK                      limits SUBFLOWS ADDRESSES | max N | nomptcp
 *   sysctl LINK|all|default ARP_IGNORE ARP_ANNOUNCE RP_FILTER
 */
typedef struct {
  const char *name, *host, *plan;
  NeoRequest request;
} Row;

static guint number(const char *text)
{
  return g_ascii_strtoull(text, NULL, 0);
}

static gboolean has(char **words, const char *word, char **ret_value)
{
  for (guint i = 0; words[i]; i++)
    if (g_str_equal(words[i], word)) {
      if (ret_value)
        *ret_value = words[i + 1];
      return TRUE;
    }
  return FALSE;
}

static NeoAddress address(const char *text)
{
  NeoAddress parsed;
  g_assert_true(neo_address_parse(text, &parsed));
  return parsed;
}

static void add_link(NeoObserved *seen, char **words)
{
  NeoLink link = { .index = number(words[1]), .running = !has(words, "down", NULL) };
  char *parent;

  g_strlcpy(link.name, words[2], sizeof link.name);
  if (has(words, "parent", &parent)) {
    link.parent = number(parent);
    link.macvlan = TRUE;
  }
  g_array_append_val(seen->links, link);
}

static void add_address(NeoObserved *seen, char **words)
{
  NeoLocal local = { .link = number(words[1]), .address = address(words[2]), .deprecated = has(words, "deprecated", NULL),
                     .temporary = has(words, "temporary", NULL) };
  g_array_append_val(seen->locals, local);
}

static void add_route(NeoObserved *seen, char **words)
{
  NeoRoute route = { .family = has(words, "IPv6", NULL) ? AF_INET6 : AF_INET, .link = number(words[1]), .table = number(words[2]),
                     .is_default = !has(words, "net", NULL) };
  char *metric;

  if (has(words, "metric", &metric))
    route.metric = number(metric);
  g_array_append_val(seen->routes, route);
}

static void add_rule(NeoObserved *seen, char **words)
{
  guint32 priority = number(words[1]);
  char *from = NULL, *oif = NULL, *table = NULL, *mark = NULL;
  NeoRule rule;

  has(words, "from", &from);
  has(words, "oif", &oif);
  has(words, "table", &table);
  if (has(words, "mark", &mark)) {
    rule = neo_rule_mark(number(mark) >> 16, number(mark) & 0xffff, oif ? oif : "");
  } else if (from) {
    NeoAddress parsed = address(from);
    rule = neo_rule_from(&parsed, number(table), priority);
  } else {
    rule = neo_rule_oif(has(words, "IPv6", NULL) ? AF_INET6 : AF_INET, oif, number(table));
  }
  g_array_append_val(seen->rules, rule);
}

static void add_endpoint(NeoObserved *seen, char **words)
{
  NeoMptcpEndpoint endpoint = { .address = address(words[1]), .link = number(words[2]), .id = seen->endpoints->len + 1 };
  g_array_append_val(seen->endpoints, endpoint);
}

static void set_sysctls(NeoObserved *seen, char **words)
{
  NeoSysctls sysctls = { { number(words[2]), number(words[3]), number(words[4]) } };

  if (g_str_equal(words[1], "all"))
    seen->sysctls_all = sysctls;
  else if (g_str_equal(words[1], "default"))
    seen->sysctls_default = sysctls;
  for (guint i = 0; i < seen->links->len; i++)
    if (g_array_index(seen->links, NeoLink, i).index == (int)number(words[1]))
      g_array_index(seen->links, NeoLink, i).sysctls = sysctls;
}

static void add_statement(NeoObserved *seen, char **words)
{
  static const struct { const char *word; void (*add)(NeoObserved *, char **); } statements[] = {
    { "link", add_link }, { "addr", add_address }, { "route", add_route }, { "rule", add_rule },
    { "endpoint", add_endpoint }, { "sysctl", set_sysctls },
  };

  for (guint i = 0; i < G_N_ELEMENTS(statements); i++)
    if (g_str_equal(words[0], statements[i].word)) {
      statements[i].add(seen, words);
      return;
    }
  if (g_str_equal(words[0], "limits"))
    seen->limits = (NeoMptcpLimits){ number(words[1]), number(words[2]) };
  else if (g_str_equal(words[0], "max"))
    seen->limit_max = number(words[1]);
  else if (g_str_equal(words[0], "nomptcp"))
    seen->mptcp = FALSE;
  else
    g_error("unknown statement \"%s\"", words[0]);
}

static NeoObserved *read_host(const char *text)
{
  NeoObserved *seen = neo_observed_new();
  g_auto(GStrv) statements = g_strsplit(text, ";", -1);

  seen->mptcp = TRUE;
  seen->limits = NEO_LIMITS_DEFAULT;
  seen->limit_max = 8;
  for (char **statement = statements; *statement; statement++) {
    g_auto(GStrv) words = g_strsplit(g_strstrip(*statement), " ", -1);
    if (words[0])
      add_statement(seen, words);
  }
  return seen;
}

/* The plan and then the complaints, a line each. */
static char *plan_of(const Row *row)
{
  g_autoptr(NeoObserved) seen = read_host(row->host);
  NeoPathsConf conf = neo_paths_conf_default();
  g_autoptr(NeoDesired) desired = neo_desire(seen, &conf, &row->request);
  g_autoptr(GArray) plan = neo_plan(seen, desired);
  GString *text = g_string_new(NULL);

  for (guint i = 0; i < plan->len; i++) {
    g_autofree char *line = neo_operation_to_string(&g_array_index(plan, NeoOperation, i));
    g_string_append_printf(text, "%s\n", line);
  }
  for (guint i = 0; i < desired->complaints->len; i++)
    g_string_append_printf(text, "! %s\n", g_array_index(desired->complaints, NeoComplaint, i).text);
  return g_string_free(text, FALSE);
}

#define PATH "link 2 ens3; link 5 neo1 parent 2; addr 5 10.0.0.5; route 5 1001;"
#define PATH_RULES "rule 7802 oif neo1 table 1001; rule 7800 from 10.0.0.5 table 1001; rule 7803 oif ens3 mark 0x4e030000;"
#define PATH_SYSCTLS "sysctl 2 1 2 0; sysctl 5 1 2 0; limits 8 8;"
#define PATH_DONE PATH PATH_RULES PATH_SYSCTLS "endpoint 10.0.0.5 5;"
#define SET_NEO1 "set net/ipv4/conf/neo1/arp_ignore to 1\nset net/ipv4/conf/neo1/arp_announce to 2\n"
#define SET_ENS3 "set net/ipv4/conf/ens3/arp_ignore to 1\nset net/ipv4/conf/ens3/arp_announce to 2\n"
#define RESET_BOTH "set net/ipv4/conf/ens3/arp_ignore to 0\nset net/ipv4/conf/ens3/arp_announce to 0\n" \
                   "set net/ipv4/conf/neo1/arp_ignore to 0\nset net/ipv4/conf/neo1/arp_announce to 0\n"
#define RESET_LIMITS "set MPTCP limits subflows 2 add_addr_accepted 0\n"
#define ENS3_MARK "mark ens3: arp_ignore was 0, arp_announce 0, rp_filter 0\n"

static const Row rows[] = {
  { "empty host", "link 1 lo;", "" },
  { "no path", "link 2 ens3; addr 2 10.0.0.2; route 2 254;", "" },
  { "new path", PATH,
    "add " ENS3_MARK
    "add rule 7802: IPv4 oif neo1 lookup 1001\n"
    "add rule 7800: from 10.0.0.5 lookup 1001\n" SET_ENS3 SET_NEO1
    "set MPTCP limits subflows 8 add_addr_accepted 8\n"
    "check that 10.0.0.5 leaves by neo1\n"
    "add MPTCP endpoint 10.0.0.5 dev neo1\n" },
  { "nothing to do", PATH_DONE, "" },
  { "crash after the rules", PATH PATH_RULES,
    SET_ENS3 SET_NEO1 "set MPTCP limits subflows 8 add_addr_accepted 8\ncheck that 10.0.0.5 leaves by neo1\nadd MPTCP endpoint 10.0.0.5 dev neo1\n" },
  { "crash between the removal of the endpoint and that of its rule", "link 2 ens3; rule 7800 from 10.0.0.5 table 1001; limits 8 8;",
    RESET_LIMITS "remove rule 7800: from 10.0.0.5 lookup 1001\n" },
  { "no MPTCP in the kernel", PATH "nomptcp; sysctl 2 1 2 0; sysctl 5 1 2 0; rule 7803 oif ens3 mark 0x4e030000;",
    /* No rule said that these values were Neo's doing, so they are the host's. */
    "add mark neo1: arp_ignore was 1, arp_announce 2, rp_filter 0\n"
    "add rule 7802: IPv4 oif neo1 lookup 1001\nadd rule 7800: from 10.0.0.5 lookup 1001\n" },
  { "another address", PATH PATH_RULES PATH_SYSCTLS "addr 5 10.0.0.6; endpoint 10.0.0.5 5;",
    "add rule 7800: from 10.0.0.6 lookup 1001\ncheck that 10.0.0.6 leaves by neo1\nadd MPTCP endpoint 10.0.0.6 dev neo1\n" },
  { "lease changed", "link 2 ens3; link 5 neo1 parent 2; addr 5 10.0.0.6; route 5 1001;" PATH_RULES PATH_SYSCTLS "endpoint 10.0.0.5 5;",
    "remove MPTCP endpoint 10.0.0.5\nadd rule 7800: from 10.0.0.6 lookup 1001\ncheck that 10.0.0.6 leaves by neo1\n"
    "add MPTCP endpoint 10.0.0.6 dev neo1\nremove rule 7800: from 10.0.0.5 lookup 1001\n" },
  { "address moved to a new interface of the same name", "link 2 ens3; link 9 neo1 parent 2; addr 9 10.0.0.5; route 9 1001;" PATH_RULES
    "sysctl 2 1 2 0; sysctl 9 1 2 0; limits 8 8; endpoint 10.0.0.5 5;",
    "remove MPTCP endpoint 10.0.0.5\ncheck that 10.0.0.5 leaves by neo1\nadd MPTCP endpoint 10.0.0.5 dev neo1\n" },
  { "interface gone", "link 2 ens3;" PATH_RULES "sysctl 2 1 2 0; limits 8 8; endpoint 10.0.0.5 5;",
    "remove MPTCP endpoint 10.0.0.5\nset net/ipv4/conf/ens3/arp_ignore to 0\nset net/ipv4/conf/ens3/arp_announce to 0\n" RESET_LIMITS
    "remove rule 7800: from 10.0.0.5 lookup 1001\nremove rule 7802: IPv4 oif neo1 lookup 1001\nremove " ENS3_MARK },
  { "remove all", PATH_DONE,
    "remove MPTCP endpoint 10.0.0.5\n" RESET_BOTH RESET_LIMITS
    "remove rule 7800: from 10.0.0.5 lookup 1001\nremove rule 7802: IPv4 oif neo1 lookup 1001\nremove " ENS3_MARK,
    .request = { .remove_all = TRUE } },
  { "somebody changed the limits meanwhile", PATH_DONE "limits 4 4;",
    "remove MPTCP endpoint 10.0.0.5\n" RESET_BOTH
    "remove rule 7800: from 10.0.0.5 lookup 1001\nremove rule 7802: IPv4 oif neo1 lookup 1001\nremove " ENS3_MARK,
    .request = { .remove_all = TRUE } },
  { "limits above what Neo needs stay", PATH_DONE "max 64; limits 100 100;", "" },
  { "a greater limit of the kernel is used", PATH_DONE "max 64;", "set MPTCP limits subflows 64 add_addr_accepted 64\n" },
  { "limits before are kept", PATH "limits 3 1; sysctl 5 1 2 0; sysctl 2 1 2 0; sysctl default 1 2 0;",
    "add mark: MPTCP limits were subflows 3 add_addr_accepted 1\nadd mark ens3: arp_ignore was 1, arp_announce 2, rp_filter 0\n"
    "add rule 7802: IPv4 oif neo1 lookup 1001\nadd rule 7800: from 10.0.0.5 lookup 1001\nset MPTCP limits subflows 8 add_addr_accepted 8\n"
    "check that 10.0.0.5 leaves by neo1\nadd MPTCP endpoint 10.0.0.5 dev neo1\n" },
  { "limits before come back", "link 2 ens3; limits 8 8; rule 7802 oif neo1 table 1001; rule 7803 mark 0x4e040301;",
    "set MPTCP limits subflows 3 add_addr_accepted 1\nremove rule 7802: IPv4 oif neo1 lookup 1001\n"
    "remove mark: MPTCP limits were subflows 3 add_addr_accepted 1\n" },
  { "strict reverse path filter", PATH_DONE "sysctl 2 1 2 1; sysctl 5 1 2 1;",
    "set net/ipv4/conf/ens3/rp_filter to 2\nset net/ipv4/conf/neo1/rp_filter to 2\n" },
  { "strict for all interfaces", PATH_DONE "sysctl all 0 0 1;",
    "set net/ipv4/conf/ens3/rp_filter to 2\nset net/ipv4/conf/neo1/rp_filter to 2\n" },
  { "set for all interfaces already", PATH PATH_RULES "limits 8 8; endpoint 10.0.0.5 5; sysctl all 1 2 2;", "" },
  { "no carrier", "link 2 ens3; link 5 neo1 parent 2 down; addr 5 10.0.0.5; route 5 1001;" PATH_RULES PATH_SYSCTLS "endpoint 10.0.0.5 5;",
    "remove MPTCP endpoint 10.0.0.5\n" },
  { "somebody else's endpoint", PATH "endpoint 10.0.0.5 5;" PATH_SYSCTLS "rule 7802 oif neo1 table 1001; rule 7803 oif ens3 mark 0x4e030000;",
    "add rule 7801: from 10.0.0.5 lookup 1001\n" },
  { "somebody else's endpoint is left", PATH "endpoint 10.0.0.5 5;" PATH_SYSCTLS
    "rule 7802 oif neo1 table 1001; rule 7801 from 10.0.0.5 table 1001; rule 7803 oif ens3 mark 0x4e030000;",
    RESET_BOTH RESET_LIMITS "remove rule 7801: from 10.0.0.5 lookup 1001\nremove rule 7802: IPv4 oif neo1 lookup 1001\nremove " ENS3_MARK,
    .request = { .remove_all = TRUE } },
  { "temporary address", PATH_DONE "addr 5 2001:db8::5 temporary; route 5 1001 IPv6; rule 7802 oif neo1 table 1001 IPv6;",
    "add rule 7800: from 2001:db8::5 lookup 1001\n" },
  { "deprecated address", PATH_DONE "addr 5 10.0.0.6 deprecated;", "add rule 7800: from 10.0.0.6 lookup 1001\n" },
  { "deprecated address with an endpoint", "link 2 ens3; link 5 neo1 parent 2; addr 5 10.0.0.5 deprecated; route 5 1001;" PATH_RULES PATH_SYSCTLS
    "endpoint 10.0.0.5 5;", "" },
  { "an IPv6 path needs no neighbour sysctls", "link 5 neo1 parent 2; link 2 ens3; addr 5 2001:db8::5; route 5 1001 IPv6; limits 8 8;",
    "add mark: MPTCP limits were subflows 8 add_addr_accepted 8\n"
    "add rule 7802: IPv6 oif neo1 lookup 1001\nadd rule 7800: from 2001:db8::5 lookup 1001\ncheck that 2001:db8::5 leaves by neo1\n"
    "add MPTCP endpoint 2001:db8::5 dev neo1\n" },
  { "a path that is no macvlan", "link 5 eth1; addr 5 10.0.0.5; route 5 1001; limits 8 8; rule 7801 from 10.0.0.5 table 1001;",
    "add rule 7802: IPv4 oif eth1 lookup 1001\nadd rule 7800: from 10.0.0.5 lookup 1001\nset net/ipv4/conf/eth1/arp_ignore to 1\n"
    "set net/ipv4/conf/eth1/arp_announce to 2\ncheck that 10.0.0.5 leaves by eth1\nadd MPTCP endpoint 10.0.0.5 dev eth1\n"
    "remove rule 7801: from 10.0.0.5 lookup 1001\n" },
  { "left alone from now on", PATH_DONE,
    "remove MPTCP endpoint 10.0.0.5\nadd mark neo1: left alone\n" RESET_BOTH RESET_LIMITS
    "remove rule 7800: from 10.0.0.5 lookup 1001\nremove rule 7802: IPv4 oif neo1 lookup 1001\nremove " ENS3_MARK,
    .request = { NEO_REQUEST_ALONE, "neo1" } },
  { "left alone before", PATH "rule 7803 oif neo1 mark 0x4e010000;", "" },
  { "no longer left alone", PATH_DONE "rule 7803 oif neo1 mark 0x4e010000;", "remove mark neo1: left alone\n", .request = { NEO_REQUEST_CLEAR, "neo1" } },
  { "left alone and deleted", "link 2 ens3; rule 7803 oif neo1 mark 0x4e010000;", "remove mark neo1: left alone\n" },
  { "going, and its routes are gone", "link 2 ens3; link 5 neo1 parent 2; rule 7803 oif neo1 mark 0x4e020000;", "remove mark neo1: going down\n" },
  { "going, and no path", "link 2 ens3; addr 2 10.0.0.2; route 2 254;", "", .request = { NEO_REQUEST_GOING, "ens3" } },
  { "rules of Neo's protocol that Neo would not make", "link 2 ens3; rule 7802 oif neo7 table 9;",
    "remove rule 7802: IPv4 oif neo7 lookup 9\n" },
  { "two interfaces with one table", PATH_DONE "link 6 neo2 parent 2; addr 6 10.0.0.6; route 6 1001 metric 5;",
    "! neo2: its IPv4 default route is in table 1001, which is the table of neo1; expected a table of its own\n" },
  { "two tables for one interface", PATH_DONE "route 5 1002;",
    "! neo1: IPv4 default routes in tables 1001 and 1002; expected one table, 1001 is used\n" },
  { "one address on two paths", PATH_DONE "link 6 neo2 parent 2; sysctl 6 1 2 0; addr 6 10.0.0.5; route 6 1002; rule 7802 oif neo2 table 1002;",
    "! neo2: address 10.0.0.5 is that of the path in table 1001, too; expected each address on one path\n" },
  { "the address that a path with a higher table has", "link 4 neo0 parent 2; sysctl 4 1 2 0; addr 4 10.0.0.5; route 4 1000; rule 7802 oif neo0 table 1000;" PATH_DONE,
    "! neo0: address 10.0.0.5 is that of the path in table 1001, too; expected each address on one path\n" },
  { "the address that another path had", "link 4 neo0 parent 2; sysctl 4 1 2 0; addr 4 10.0.0.5; route 4 1000; rule 7802 oif neo0 table 1000;"
    "link 2 ens3; link 5 neo1 parent 2; route 5 1001;" PATH_RULES PATH_SYSCTLS "endpoint 10.0.0.5 4;",
    "add rule 7800: from 10.0.0.5 lookup 1000\nremove rule 7800: from 10.0.0.5 lookup 1001\n" },
  { "addresses that lead nowhere", PATH_DONE "addr 5 0.1.2.3; addr 5 127.0.0.2; addr 5 169.254.7.7; addr 5 224.0.0.5; addr 5 240.0.0.1;",
    "! neo1: address 0.1.2.3 is no host's (0.0.0.0/8); expected one that is reached over a network, so it is not used\n"
    "! neo1: address 127.0.0.2 is loopback; expected one that is reached over a network, so it is not used\n"
    "! neo1: address 169.254.7.7 is link-local; expected one that is reached over a network, so it is not used\n"
    "! neo1: address 224.0.0.5 is multicast; expected one that is reached over a network, so it is not used\n"
    "! neo1: address 240.0.0.1 is reserved or broadcast; expected one that is reached over a network, so it is not used\n" },
  { "the address of an interface that is no path", PATH_DONE "addr 2 10.0.0.5;",
    "remove MPTCP endpoint 10.0.0.5\nremove rule 7800: from 10.0.0.5 lookup 1001\n"
    "! neo1: address 10.0.0.5 is that of ens3, too; expected each address on one interface\n" },
  { "no default route", PATH_DONE "link 6 neo2 parent 2; route 6 1002 net;",
    "! neo2: IPv4 table 1002 has no default route; expected one through a gateway, so this is no path\n" },
  { "table outside the range", PATH_DONE "link 6 neo2 parent 2; route 6 2000;",
    "! neo2: table 2000 is outside Tables=1000-1999; expected a table of that range if this is to be a path\n" },
  { "both ends of the range", "nomptcp; link 3 a; link 4 b; link 6 c; link 7 d; route 3 999; route 4 1000; route 6 1999; route 7 2000; sysctl all 1 2 0;",
    "add rule 7802: IPv4 oif b lookup 1000\nadd rule 7802: IPv4 oif c lookup 1999\n" },
};

static void test_row(gconstpointer data)
{
  const Row *row = data;
  g_autofree char *plan = plan_of(row);

  g_assert_cmpstr(plan, ==, row->plan);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_set_nonfatal_assertions();
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autofree char *path = g_strdup_printf("/paths/plan/%s", rows[i].name);
    g_test_add_data_func(path, &rows[i], test_row);
  }
  return g_test_run();
}
