/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib.h>
#include <string.h>

#include "common/error.h"
#include "tests/unit/sample-root.h"
#include "xtables-ext/relay-rules.h"
#include "xtables-ext/relay-text.h"

static NeoRelayConfig *make_config(const char *name, const char *keys)
{
  g_autofree char *text = g_strconcat("[Relay]\n", keys, NULL);
  g_autoptr(GError) error = NULL;
  NeoRelayConfig *config = neo_relay_config_parse(name, "t.conf", text, &error);

  g_assert_no_error(error);
  return config;
}

static NeoAddress address_of(const char *text)
{
  NeoAddress address;

  g_assert_true(neo_address_parse(text, &address));
  return address;
}

static NeoRelaySide *make_side(const char *proxy, const char *listen)
{
  NeoAddress address = address_of(proxy), own = address_of(listen);
  NeoRelaySide *side = neo_relay_side_new(address.family);

  side->proxy = address;
  g_array_append_val(side->listen, own);
  g_ptr_array_add(side->interfaces, g_strdup("eth0"));
  return side;
}

static void test_mptcp_rules(void)
{
  g_autoptr(NeoRelayConfig) config = make_config("a", "Proxy=192.0.2.10\nPorts=443\nConnLimit=9\nSynRate=7\nMss=pmtu\n");
  g_autoptr(NeoRelaySide) side = make_side("192.0.2.10", "192.0.2.11");
  g_ptr_array_add(side->guarded, g_strdup("eth0"));
  g_autofree char *rules = neo_relay_rules(config, side);

  g_assert_cmpstr(rules, ==,
    "-A neo-syn-a -p tcp -m mptcp --mptcp-subtype mp_capable,mp_join -m hashlimit --hashlimit-above 7/second"
    " --hashlimit-burst 14 --hashlimit-mode srcip --hashlimit-srcmask 32 --hashlimit-htable-expire 10000 --hashlimit-name neo-a-7 -j DROP\n"
    "-A neo-syn-a -p tcp -m mptcp --mptcp-subtype mp_capable,mp_join -j RETURN\n"
    "-A neo-syn-a -m hashlimit --hashlimit-above 7/second"
    " --hashlimit-burst 14 --hashlimit-mode srcip --hashlimit-srcmask 32 --hashlimit-htable-expire 10000 --hashlimit-name neo-a-7-c -j DROP\n"
    "-A neo-syn-a -j CT --notrack\n"
    "-A neo-fwd -m conntrack --ctstate RELATED,ESTABLISHED --ctorigdst 192.0.2.11 -j ACCEPT\n"
    "-A neo-fwd-a -m conntrack --ctorigdst 192.0.2.11 -j ACCEPT\n"
    "-A neo-mss-a -p tcp -m tcp --tcp-flags SYN,RST SYN -m conntrack --ctstate DNAT --ctorigdst 192.0.2.11 --ctreplsrc 192.0.2.10 -j TCPMSS --clamp-mss-to-pmtu\n"
    "-A neo-syn -d 192.0.2.11 -p tcp -m tcp --dport 443 -j neo-syn-a\n"
    "-A neo-in -d 192.0.2.11 -p tcp -m tcp --dport 443 -j neo-in-a\n"
    "-A neo-in-a -d 192.0.2.11 -p tcp -m tcp --syn --dport 443 -m mptcp --mptcp-subtype mp_capable,mp_join -m connlimit --connlimit-upto 9"
    " --connlimit-mask 32 -j RELAY --to 192.0.2.10\n"
    "-A neo-in-a -d 192.0.2.11 -p tcp -m tcp --syn --dport 443 -m mptcp --mptcp-subtype mp_capable,mp_join -j RETURN\n"
    "-A neo-out-a -d 192.0.2.10 -p tcp -m conntrack --ctorigdst 192.0.2.11 -j RELAYBACK\n"
    "-A neo-begin -d 192.0.2.10 -p tcp -m tcp --dport 443 -j neo-fwd-a\n"
    "-A neo-out -d 192.0.2.10 -p tcp -m tcp --dport 443 -j neo-out-a\n"
    "-A neo-mss -d 192.0.2.10 -p tcp -m tcp --dport 443 -j neo-mss-a\n"
    "-A neo-mss -s 192.0.2.10 -p tcp -m tcp --sport 443 -j neo-mss-a\n"
    "-A neo-guard -i eth0 -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP\n");
}

static void test_tcp_rules(void)
{
  g_autoptr(NeoRelayConfig) config = make_config("b", "Proxy=2001:db8::1\nPorts=443,8443\nMode=tcp\nConnLimit=0\nSynRate=0\nFrom=2001:db8::3\n");
  g_autoptr(NeoRelaySide) side = make_side("2001:db8::1", "2001:db8::2");
  side->from = address_of("2001:db8::3");
  g_autofree char *rules = neo_relay_rules(config, side);

  g_assert_cmpstr(rules, ==,
    "-A neo-fwd -m conntrack --ctstate RELATED,ESTABLISHED --ctorigdst 2001:db8::2 -j ACCEPT\n"
    "-A neo-fwd-b -m conntrack --ctorigdst 2001:db8::2 -j ACCEPT\n"
    "-A neo-in -d 2001:db8::2 -p tcp -m tcp -m multiport --dports 443,8443 -j neo-in-b\n"
    "-A neo-in-b -d 2001:db8::2 -p tcp -m tcp --syn -m multiport --dports 443,8443 -j RELAY --to 2001:db8::1\n"
    "-A neo-out-b -d 2001:db8::1 -p tcp -m conntrack --ctorigdst 2001:db8::2 -j RELAYBACK --from 2001:db8::3\n"
    "-A neo-begin -d 2001:db8::1 -p tcp -m tcp -m multiport --dports 443,8443 -j neo-fwd-b\n"
    "-A neo-out -d 2001:db8::1 -p tcp -m tcp -m multiport --dports 443,8443 -j neo-out-b\n");
}

/* A client is a /64, and what is over its limit is counted for the same ports. */
static void test_limit6(void)
{
  g_autoptr(NeoRelayConfig) config = make_config("c", "Proxy=2001:db8::1\nPorts=443,8443\nMode=join\nConnLimit=5\nSynRate=0\n");
  g_autoptr(NeoRelaySide) side = make_side("2001:db8::1", "2001:db8::2");
  g_autofree char *rules = neo_relay_rules(config, side);

  g_assert_nonnull(strstr(rules,
    "-A neo-in-c -d 2001:db8::2 -p tcp -m tcp --syn -m multiport --dports 443,8443 -m mptcp --mptcp-subtype mp_join"
    " -m connlimit --connlimit-upto 5 --connlimit-mask 64 -j RELAY --to 2001:db8::1\n"
    "-A neo-in-c -d 2001:db8::2 -p tcp -m tcp --syn -m multiport --dports 443,8443 -m mptcp --mptcp-subtype mp_join -j RETURN\n"
    "-A neo-out-c "));
}

static guint count_lines(const char *text, const char *start)
{
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
  guint n = 0;

  for (char **line = lines; *line; line++)
    n += g_str_has_prefix(*line, start);
  return n;
}

/* multiport takes 15. */
static void test_many_ports(void)
{
  g_autoptr(NeoRelayConfig) config = make_config("p", "Proxy=192.0.2.10\nPorts=1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n");
  g_autoptr(NeoRelaySide) side = make_side("192.0.2.10", "192.0.2.11");
  g_autofree char *rules = neo_relay_rules(config, side);

  g_assert_cmpuint(count_lines(rules, "-A neo-in-p "), ==, 4);
  g_assert_cmpuint(count_lines(rules, "-A neo-in -d 192.0.2.11 -p tcp -m tcp -m multiport --dports "), ==, 2);
  g_assert_nonnull(strstr(rules, "--dports 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15 "));
  g_assert_nonnull(strstr(rules, "--dports 16 "));
}

static void test_chain_names(void)
{
  g_autofree char *whole = neo_relay_chain_name(NEO_RELAY_CHAIN_SYN, "exactly-20-letters-x");
  g_autofree char *cut = neo_relay_chain_name(NEO_RELAY_CHAIN_SYN, "exactly-20-letters-xy");
  g_autofree char *other = neo_relay_chain_name(NEO_RELAY_CHAIN_SYN, "exactly-20-letters-xz");

  g_assert_cmpstr(whole, ==, "neo-syn-exactly-20-letters-x");
  g_assert_cmpuint(strlen(cut), ==, 28);
  g_assert_true(g_str_has_prefix(cut, "neo-syn-exactly-20-"));
  g_assert_cmpstr(cut, !=, other);
}

#define CALL "neo-in -d 192.0.2.11/32 -p tcp -m tcp --dport 443 -j neo-in-a"
#define STANDING(address) "neo-fwd -m conntrack --ctstate RELATED,ESTABLISHED --ctorigdst " address " -j ACCEPT"

static const char rules_a[] = "-A " CALL "\n-A neo-in-a -d 192.0.2.11 -j RELAY --to 192.0.2.10\n-A " STANDING("192.0.2.11") "\n";

/* @shared: rules of a relay that stays. */
static char *text_for(const char *rules, gboolean keep, const char *shared, const char *saved_text)
{
  g_autoptr(NeoIptablesSaved) saved = neo_iptables_saved_parse(saved_text);
  g_autoptr(NeoRelayText) text = neo_relay_text_new(saved);

  neo_relay_text_add(text, "a", rules, keep);
  neo_relay_text_share(text, shared);
  return neo_relay_text_finish(text);
}

static void test_fresh(void)
{
  static const char others[] = "*nat\n:PREROUTING ACCEPT [0:0]\n:neo-in - [0:0]\n:neo-in-ab - [0:0]\n-A PREROUTING -j DOCKER\n-A PREROUTING -p tcp -j neo-in\n"
    "-A neo-in -j neo-in-ab\n-A neo-in-ab -j ACCEPT\nCOMMIT\n";
  g_autofree char *text = text_for(rules_a, FALSE, NULL, "");
  g_autofree char *nothing = text_for(NULL, FALSE, NULL, others);

  g_assert_cmpstr(text, ==, "*filter\n:neo-fwd - [0:0]\n-A " STANDING("192.0.2.11") "\n-I FORWARD -j neo-fwd\nCOMMIT\n"
                            "*nat\n:neo-in - [0:0]\n:neo-in-a - [0:0]\n-A neo-in-a -d 192.0.2.11 -j RELAY --to 192.0.2.10\n"
                            "-A " CALL "\n-I PREROUTING -p tcp -j neo-in\nCOMMIT\n");
  g_assert_null(nothing);
}

/* With a relay beside it, and a rule that nobody wants any more. */
static const char standing[] =
  "# Generated by iptables-save v1.8.9 (nf_tables) on Sun Nov 22 11:27:10 2026\n"
  "*filter\n:FORWARD ACCEPT [0:0]\n:neo-fwd - [0:0]\n-A FORWARD -j neo-fwd\n-A " STANDING("192.0.2.13") "\n-A " STANDING("192.0.2.11") "\n"
  "-A " STANDING("192.0.2.12") "\nCOMMIT\n"
  "*nat\n:PREROUTING ACCEPT [0:0]\n:neo-in - [0:0]\n:neo-in-a - [0:0]\n:neo-in-ab - [0:0]\n-A PREROUTING -j DOCKER\n-A PREROUTING -p tcp -j neo-in\n"
  "-A PREROUTING -p tcp -j neo-in\n-A neo-in -d 192.0.2.12/32 -j neo-in-ab\n-A " CALL "\n-A neo-in-ab -j ACCEPT\n"
  "-A neo-in-a -d 192.0.2.11/32 -j DNAT --to-destination 192.0.2.10\nCOMMIT\n";
static const char rules_ab[] = "-A " STANDING("192.0.2.12") "\n-A neo-in -d 192.0.2.12 -j neo-in-ab\n-A neo-in-ab -j ACCEPT\n";
#define FIRST_AGAIN "-D PREROUTING -p tcp -j neo-in\n-D PREROUTING -p tcp -j neo-in\n-I PREROUTING -p tcp -j neo-in\n"
#define STANDING_FIRST "-D " STANDING("192.0.2.13") "\n-D FORWARD -j neo-fwd\n-I FORWARD -j neo-fwd\nCOMMIT\n"

static void test_again(void)
{
  g_autofree char *kept = text_for(rules_a, TRUE, rules_ab, standing);
  g_autofree char *replaced = text_for(rules_a, FALSE, rules_ab, standing);
  g_autofree char *removed = text_for(NULL, FALSE, rules_ab, standing);
  g_autofree char *last = text_for(NULL, FALSE, NULL, strstr(standing, "*nat"));

  g_assert_cmpstr(kept, ==, "*filter\n" STANDING_FIRST "*nat\n" FIRST_AGAIN "COMMIT\n");
  g_assert_cmpstr(replaced, ==, "*filter\n" STANDING_FIRST "*nat\n:neo-in-a - [0:0]\n-A neo-in-a -d 192.0.2.11 -j RELAY --to 192.0.2.10\n-D " CALL "\n-A " CALL "\n"
                                FIRST_AGAIN "COMMIT\n");
  g_assert_cmpstr(removed, ==, "*filter\n-D " STANDING("192.0.2.13") "\n-D " STANDING("192.0.2.11") "\n-D FORWARD -j neo-fwd\n-I FORWARD -j neo-fwd\nCOMMIT\n"
                               "*nat\n-D " CALL "\n" FIRST_AGAIN "-F neo-in-a\n-X neo-in-a\nCOMMIT\n");
  g_assert_nonnull(strstr(last, "-D " CALL "\n"));
}

/* The last one takes what all share with it. */
static void test_last(void)
{
  g_autofree char *last = text_for(NULL, FALSE, NULL, "*nat\n:PREROUTING ACCEPT [0:0]\n:neo-in - [0:0]\n:neo-in-a - [0:0]\n-A PREROUTING -p tcp -j neo-in\n"
                                                      "-A " CALL "\n-A neo-in-a -j ACCEPT\nCOMMIT\n");

  g_assert_cmpstr(last, ==, "*nat\n-D PREROUTING -p tcp -j neo-in\n-F neo-in\n-X neo-in\n-F neo-in-a\n-X neo-in-a\nCOMMIT\n");
}

/* Built-in chains called those of relays. */
static void test_earlier_version(void)
{
  static const char before[] = "*filter\n:FORWARD ACCEPT [0:0]\n:neo-fwd-a - [0:0]\n-A FORWARD -j neo-fwd-a\n-A neo-fwd-a -j ACCEPT\nCOMMIT\n"
    "*nat\n:neo-in-a - [0:0]\n-A PREROUTING -j neo-in-a\n-A neo-in-a -j ACCEPT\nCOMMIT\n";
  g_autofree char *replaced = text_for(rules_a, FALSE, NULL, before);

  g_assert_cmpstr(replaced, ==, "*filter\n-D FORWARD -j neo-fwd-a\n-F neo-fwd-a\n-X neo-fwd-a\n"
                                ":neo-fwd - [0:0]\n-A " STANDING("192.0.2.11") "\n-I FORWARD -j neo-fwd\nCOMMIT\n"
                                "*nat\n-D PREROUTING -j neo-in-a\n:neo-in - [0:0]\n:neo-in-a - [0:0]\n-A neo-in-a -d 192.0.2.11 -j RELAY --to 192.0.2.10\n"
                                "-A " CALL "\n-I PREROUTING -p tcp -j neo-in\nCOMMIT\n");
}

/* Many rules are not looked for one by one: the chain is written anew, with what others have in it. */
static void test_many(void)
{
  g_autoptr(GString) before = g_string_new("*nat\n:neo-in - [0:0]\n:neo-in-a - [0:0]\n-A neo-in -j neo-in-ab\n");

  for (guint i = 0; i < 21; i++)
    g_string_append_printf(before, "-A neo-in -p tcp -m tcp --dport %u -j neo-in-a\n", i);
  g_string_append(before, "COMMIT\n");
  g_autofree char *removed = text_for(NULL, FALSE, NULL, before->str);
  g_assert_cmpstr(removed, ==, "*nat\n:neo-in - [0:0]\n-A neo-in -j neo-in-ab\n-I PREROUTING -p tcp -j neo-in\n-F neo-in-a\n-X neo-in-a\nCOMMIT\n");
}

static void test_stands(void)
{
  g_autoptr(NeoIptablesSaved) saved = neo_iptables_saved_parse(standing), none = neo_iptables_saved_parse("");
  g_autoptr(NeoIptablesSaved) not_called = neo_iptables_saved_parse(strstr(standing, "-A neo-in-ab"));

  g_assert_true(neo_relay_rules_stand(rules_a, "a", saved));
  g_assert_false(neo_relay_rules_stand("-A " CALL "\n", "a", saved));
  g_assert_false(neo_relay_rules_stand("-A neo-in-a -d 192.0.2.11 -j RELAY --to 192.0.2.10\n", "a", saved));
  g_assert_false(neo_relay_rules_stand(rules_a, "a", not_called));
  g_assert_false(neo_relay_rules_stand(rules_a, "a", none));
  g_assert_true(neo_relay_rules_stand(NULL, "a", none));
}

static void test_guard(void)
{
  g_autofree char *root = sample_root_make();
  g_autoptr(NeoRelaySide) side4 = make_side("192.0.2.10", "192.0.2.11"), side6 = make_side("2001:db8::1", "2001:db8::2");

  sample_root_write(root, "net/ipv4/conf/eth0/forwarding", "0\n");
  sample_root_write(root, "net/ipv4/conf/eth1/forwarding", "1\n");
  sample_root_write(root, "net/ipv6/conf/all/forwarding", "0\n");
  g_ptr_array_add(side4->interfaces, g_strdup("eth1"));
  g_ptr_array_add(side6->interfaces, g_strdup("eth1"));
  neo_relay_side_guard(side4, root, root);
  g_assert_cmpuint(side4->guarded->len, ==, 1);
  g_assert_cmpstr(side4->guarded->pdata[0], ==, "eth0");
  neo_relay_side_guard(side6, root, root);
  g_assert_cmpuint(side6->guarded->len, ==, 1);
  g_assert_cmpstr(side6->guarded->pdata[0], ==, "+");
  sample_root_remove(root);
  g_autoptr(NeoRelayConfig) config = make_config("g", "Proxy=2001:db8::1\nPorts=1\n");
  g_autofree char *rules = neo_relay_rules(config, side6);
  g_assert_nonnull(strstr(rules, "-A neo-guard -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP\n"));
}

static void check_refused(const char *keys, const char *wanted)
{
  g_autofree char *text = g_strconcat("[Relay]\n", keys, NULL);
  g_autoptr(GError) error = NULL;

  g_assert_null(neo_relay_config_parse("x", "x.conf", text, &error));
  g_assert_error(error, NEO_ERROR, NEO_ERROR_CONFIG);
  if (!strstr(error->message, wanted))
    g_error("\"%s\" is not in: %s", wanted, error->message);
}

static void test_config_errors(void)
{
  check_refused("Ports=443\n", "x.conf: Proxy: missing");
  check_refused("Proxy=192.0.2.1\n", "x.conf: Ports: missing");
  check_refused("Proxy=192.0.2.1\nPorts=,\n", "x.conf:3: Ports: no port");
  check_refused("Proxy=192.0.2.1\nPorts=0\n", "x.conf:3: Ports: not a port \"0\"");
  check_refused("Proxy=192.0.2.1\nPorts=65536\n", "x.conf:3: Ports: not a port \"65536\"");
  check_refused("Proxy=192.0.2.1:443\nPorts=1\n", "x.conf:2: Proxy: not an address or name");
  check_refused("Proxy=192.0.2\nPorts=1\n", "x.conf:2: Proxy: not an address or name");
  check_refused("Proxy=a b\nPorts=1\n", "x.conf:2: Proxy: not an address or name");
  check_refused("Proxy=127.0.0.1\nPorts=1\n", "x.conf:2: Proxy: a loopback address");
  check_refused("Proxy=224.0.0.1\nPorts=1\n", "x.conf:2: Proxy: a multicast address");
  check_refused("Proxy=::\nPorts=1\n", "x.conf:2: Proxy: the unspecified address");
  check_refused("Proxy=fe80::1\nPorts=1\n", "x.conf:2: Proxy: a link-local address");
  check_refused("Proxy=192.0.2.1\nPorts=1\nMode=udp\n", "x.conf:4: Mode: unknown value \"udp\"");
  check_refused("Proxy=192.0.2.1\nPorts=1\nListen=::1\n", "x.conf:4: Listen: no address that");
  check_refused("Proxy=192.0.2.1\nPorts=1\nListen=2001:db8::1\n", "x.conf:4: Listen: of another family");
  check_refused("Proxy=name\nPorts=1\nFrom=192.0.2.1 192.0.2.2\n", "x.conf:4: From: a second address");
  check_refused("Proxy=192.0.2.1\nPorts=1\nMss=535\n", "x.conf:4: Mss: not a segment size \"535\"");
  check_refused("Proxy=192.0.2.1\nPorts=1\nSynRate=100001\n", "x.conf:4: SynRate: not in range");
  check_refused("Proxy=192.0.2.1\nPorts=1\nSpeed=1\n", "x.conf:4: Speed: unknown key");
  check_refused("Proxy=127.0.0.1\nPorts=0\n", "without a port\nx.conf:3: Ports: not a port");
  check_refused("Proxy=name\nPorts=1\nListen=::1\nFrom=::\n", "x.conf:5: From: no address that");
}

static void test_names(void)
{
  g_assert_true(neo_relay_name_is_valid("px-1_a.b@c"));
  g_assert_false(neo_relay_name_is_valid(""));
  g_assert_false(neo_relay_name_is_valid("-a"));
  g_assert_false(neo_relay_name_is_valid("."));
  g_assert_false(neo_relay_name_is_valid("a/b"));
  g_assert_false(neo_relay_name_is_valid("a b"));
  g_assert_true(neo_relay_name_is_valid("0123456789012345678901234567890123456789012345678901234567890123"));
  g_assert_false(neo_relay_name_is_valid("01234567890123456789012345678901234567890123456789012345678901234"));
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/relay/rules/mptcp", test_mptcp_rules);
  g_test_add_func("/relay/rules/tcp", test_tcp_rules);
  g_test_add_func("/relay/rules/limit6", test_limit6);
  g_test_add_func("/relay/rules/many-ports", test_many_ports);
  g_test_add_func("/relay/chain-names", test_chain_names);
  g_test_add_func("/relay/text/fresh", test_fresh);
  g_test_add_func("/relay/text/again", test_again);
  g_test_add_func("/relay/text/last", test_last);
  g_test_add_func("/relay/text/earlier-version", test_earlier_version);
  g_test_add_func("/relay/text/many", test_many);
  g_test_add_func("/relay/text/stands", test_stands);
  g_test_add_func("/relay/guard", test_guard);
  g_test_add_func("/relay/config/errors", test_config_errors);
  g_test_add_func("/relay/names", test_names);
  return g_test_run();
}
