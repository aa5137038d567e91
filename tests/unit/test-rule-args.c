/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib.h>

#include "xtables-ext/rule-args.h"

static RuleArgs read_line(const char *line, char ***ret_words)
{
  *ret_words = g_strsplit(line, " ", -1);
  return rule_args_read(*ret_words);
}

/* The words that iptables-restore(8) makes of a line are the same. Forms with "=" and without a blank are those of iptables 1.8.10. */
static void test_read(void)
{
  static const struct { const char *line, *table, *chain; gboolean tcp, narrow, destination; } cases[] = {
    { "iptables -t nat -A PREROUTING -d 192.0.2.1 -p tcp -j RELAY", "nat", "PREROUTING", TRUE, TRUE, TRUE },
    { "iptables --table=nat --append=mine --dst=192.0.2.1 --protocol=tcp", "nat", "mine", TRUE, TRUE, TRUE },
    { "iptables -tnat -Imine -d192.0.2.1 -ptcp", "nat", "mine", TRUE, TRUE, TRUE },
    { "iptables --table nat --check mine --destination 192.0.2.1 --proto 6", "nat", "mine", TRUE, TRUE, TRUE },
    { "iptables -D FORWARD -i eth0 -p TCP", "filter", "FORWARD", TRUE, TRUE, FALSE },
    { "iptables --delete FORWARD --in-interface eth0", "filter", "FORWARD", FALSE, TRUE, FALSE },
    { "iptables -t raw -R PREROUTING 1 -p tcp --dport 443 --destination-port 444", "raw", "PREROUTING", TRUE, FALSE, FALSE },
    { "iptables -t nat -A PREROUTING ! -d 192.0.2.1 ! -i eth0 ! -p tcp", "nat", "PREROUTING", FALSE, FALSE, FALSE },
    { "iptables -t nat -A PREROUTING  -d 192.0.2.1  -p tcp", "nat", "PREROUTING", FALSE, FALSE, FALSE },
    { "iptables -A x -d 0.0.0.0/0 -i +", "filter", "x", FALSE, FALSE, FALSE },
    { "iptables -A x -d ::/0", "filter", "x", FALSE, FALSE, FALSE },
    { "iptables -A x -d 10.0.0.0/10", "filter", "x", FALSE, TRUE, TRUE },
    { "iptables -p", "filter", NULL, FALSE, FALSE, FALSE },
    { "iptables - -- -t", "filter", NULL, FALSE, FALSE, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_auto(GStrv) words = NULL;
    RuleArgs args = read_line(cases[i].line, &words);
    g_test_message("%s", cases[i].line);
    g_assert_cmpstr(args.table, ==, cases[i].table);
    g_assert_cmpstr(args.chain, ==, cases[i].chain);
    g_assert_cmpint(args.tcp, ==, cases[i].tcp);
    g_assert_cmpint(args.narrow, ==, cases[i].narrow);
    g_assert_cmpint(args.destination, ==, cases[i].destination);
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/rule-args/read", test_read);
  return g_test_run();
}
