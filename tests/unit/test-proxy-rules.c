/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "systemd-units/proxy-files.h"
#include "systemd-units/proxy-forward.h"
#include "systemd-units/proxy-rules.h"
#include "tests/unit/sample-proxy.h"
#include "tests/unit/sample-root.h"

static void test_rules(void)
{
  static const char expected[] =
      "*nat\n"
      ":neo-px-main-pre - [0:0]\n"
      ":neo-px-main-post - [0:0]\n"
      "-A neo-px-main-pre -d 192.0.2.10 -p tcp --dport 443 -j DNAT --to-destination 10.9.8.8:443\n"
      "-A neo-px-main-post -s 192.0.2.10 -o neo-main -j SNAT --to-source 10.9.8.1\n"
      "-A neo-px-main-post -s 192.0.2.11 -o neo-main -j SNAT --to-source 10.9.8.32\n"
      "-A neo-px-main-post -s 10.9.8.0/24 -o lo -j MASQUERADE\n"
      "-I OUTPUT -j neo-px-main-pre\n"
      "-I POSTROUTING -j neo-px-main-post\n"
      "COMMIT\n"
      "*filter\n"
      ":neo-px-main-fwd - [0:0]\n"
      ":neo-px-main-in - [0:0]\n"
      "-A neo-px-main-fwd -s 10.9.8.0/24 -i neo-main -o lo -j ACCEPT\n"
      "-A neo-px-main-fwd -i neo-main -j DROP\n"
      "-A neo-px-main-fwd -o neo-main -p tcp --dport 443 -m conntrack --ctstate DNAT -j ACCEPT\n"
      "-A neo-px-main-fwd -o neo-main -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
      "-A neo-px-main-fwd -o neo-main -j DROP\n"
      "-A neo-px-main-fwd -i lo -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP\n"
      "-A neo-px-main-in -i neo-main -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
      "-A neo-px-main-in -i neo-main -j DROP\n"
      "-I FORWARD -j neo-px-main-fwd\n"
      "-I INPUT -j neo-px-main-in\n"
      "COMMIT\n";
  g_autoptr(NeoProxyHost) host = sample_proxy_host();
  g_autoptr(NeoProxyPlan) plan = sample_proxy_plan(CONFIG "Relays=192.0.2.11\n", host, NULL);

  g_array_index(plan->uplinks, NeoProxyUplink, 0).guarded = TRUE;
  /* The jump from PREROUTING is there; one in another table, or into another's chain, is none of ours. */
  g_autoptr(NeoIptablesSaved) saved =
      neo_iptables_saved_parse("*mangle\n-A OUTPUT -j neo-px-main-pre\nCOMMIT\n"
                               "*nat\n-A PREROUTING -j neo-px-main-pre\n-A OUTPUT -j neo-px-main-prefix\nCOMMIT\n");
  g_autofree char *text = neo_proxy_rules_add(plan, AF_INET, saved);
  g_assert_cmpstr(text, ==, expected);
  g_autofree char *inside = neo_proxy_rules_inside(plan, AF_INET);
  g_assert_cmpstr(inside, ==,
                  "*nat\n"
                  "-A PREROUTING -s 10.9.8.32 -p tcp --dport 443 -j DNAT --to-destination 192.0.2.11:20443\n"
                  "-A PREROUTING -d 10.9.8.8 -p tcp --dport 443 -j DNAT --to-destination 192.0.2.10:20443\n"
                  "COMMIT\n");
}

static void check_removed(const char *saved_text, const char *expected)
{
  g_autoptr(NeoIptablesSaved) saved = neo_iptables_saved_parse(saved_text);
  g_autofree char *text = neo_proxy_rules_remove("main", saved);

  g_assert_cmpstr(text, ==, expected);
}

static void test_rules_remove(void)
{
  check_removed("*nat\n:neo-px-main2-pre - [0:0]\n-A PREROUTING -j neo-px-main2-pre\nCOMMIT\n", NULL);
  check_removed("*nat\n:neo-px-main-pre - [0:0]\n-A PREROUTING -j neo-px-main-pre\nCOMMIT\n",
                "*nat\n-D PREROUTING -j neo-px-main-pre\n-F neo-px-main-pre\n-X neo-px-main-pre\nCOMMIT\n");
  check_removed("*filter\n-A INPUT -j neo-px-main-in\n-A INPUT -j neo-px-main-in\nCOMMIT\n",
                "*filter\n-D INPUT -j neo-px-main-in\n-D INPUT -j neo-px-main-in\nCOMMIT\n");
}

/* The link and the uplink, in each family. */
static void test_sysctls(void)
{
  g_autofree char *root = sample_root_make();
  g_autoptr(NeoProxyHost) host = sample_proxy_host();
  g_autoptr(NeoProxyPlan) plan = sample_proxy_plan(CONFIG, host, NULL);

  sample_root_write(root, "net/ipv6/conf/all/force_forwarding", "0\n");
  g_autoptr(GArray) sysctls = neo_proxy_sysctls(plan, root);
  g_autofree char *text = sample_root_sysctls(sysctls);
  g_assert_cmpstr(text, ==,
                  "net/ipv4/conf/neo-main/forwarding=1 net/ipv6/conf/neo-main/force_forwarding=1 "
                  "net/ipv4/conf/lo/forwarding=1 net/ipv6/conf/lo/force_forwarding=1 ");
  sample_root_remove(root);
}

static void test_guard(void)
{
  g_autofree char *root = sample_root_make();
  g_autoptr(NeoProxyHost) host = sample_proxy_host();
  g_autoptr(NeoProxyPlan) plan = sample_proxy_plan(CONFIG, host, NULL);
  const NeoProxyUplink *uplink4 = &g_array_index(plan->uplinks, NeoProxyUplink, 0), *uplink6 = uplink4 + 1;

  sample_root_write(root, "net/ipv4/conf/lo/forwarding", "0\n");
  sample_root_write(root, "net/ipv6/conf/all/forwarding", "0\n");
  neo_proxy_guard(plan, root, root);
  g_assert_true(uplink4->guarded && !uplink6->guarded && plan->guard_ipv6);
  sample_root_write(root, "net/ipv6/conf/all/force_forwarding", "0\n");
  sample_root_write(root, "net/ipv6/conf/lo/force_forwarding", "0\n");
  neo_proxy_guard(plan, root, root);
  g_assert_true(uplink6->guarded && !plan->guard_ipv6);
  sample_root_write(root, "net/ipv4/conf/lo/forwarding", "1\n");
  sample_root_write(root, "net/ipv6/conf/all/forwarding", "1\n");
  neo_proxy_guard(plan, root, root);
  g_assert_true(!uplink4->guarded && !uplink6->guarded && !plan->guard_ipv6);
  sample_root_remove(root);
}

static void test_nameservers(void)
{
  g_autoptr(GArray) servers = g_array_new(FALSE, FALSE, sizeof(NeoAddress));
  NeoAddress first = sample_address("192.0.2.53"), second = sample_address("2001:db8::53");

  neo_proxy_nameservers_parse(
      "# nameserver 192.0.2.1\nsearch example.org\nnameserver 127.0.0.53\n"
      "nameserver \t192.0.2.53\n nameserver 2001:db8::53 # old\nnameserver fe80::1%ens3\nnameserver\n",
      servers);
  g_assert_cmpuint(servers->len, ==, 2);
  g_assert_true(neo_address_equal(&g_array_index(servers, NeoAddress, 0), &first));
  g_assert_true(neo_address_equal(&g_array_index(servers, NeoAddress, 1), &second));
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/proxy/rules/add", test_rules);
  g_test_add_func("/proxy/rules/remove", test_rules_remove);
  g_test_add_func("/proxy/forward/sysctls", test_sysctls);
  g_test_add_func("/proxy/forward/guard", test_guard);
  g_test_add_func("/proxy/files/nameservers", test_nameservers);
  return g_test_run();
}
