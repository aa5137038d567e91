/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "common/error.h"
#include "tests/unit/sample-proxy.h"

static void test_names(void)
{
  static const char *const good[] = { "a", "main", "Main-2_x", "eleven-char" };
  static const char *const bad[] = { "", "twelve-chars", "-x", "a.b", "a/b", "a b", "é" };

  for (guint i = 0; i < G_N_ELEMENTS(good); i++)
    g_assert_true(neo_proxy_name_valid(good[i]));
  for (guint i = 0; i < G_N_ELEMENTS(bad); i++)
    g_assert_false(neo_proxy_name_valid(bad[i]));
}

static void test_services(void)
{
  static const struct {
    const char *name;
    gboolean good;
  } cases[] = {
    { "v2ray.service", TRUE },   { "shadowsocks-libev-server@main.service", TRUE },
    { "v2ray", FALSE },          { "v2ray.socket", FALSE },
    { ".service", FALSE },       { "server@.service", FALSE },
    { "@main.service", FALSE },  { "../v2ray.service", FALSE },
    { "v2 ray.service", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autofree char *text = g_strdup_printf("[Proxy]\nService=%s\nPorts=443\n", cases[i].name);
    g_autoptr(NeoProxyConfig) config = sample_proxy_config(text, NULL, NULL, NULL);
    g_assert_cmpint(config != NULL, ==, cases[i].good);
  }
}

/* One complaint each, at its line; the good neighbour of each stands in test_plan. */
static void test_complaints(void)
{
  static const struct {
    const char *line, *complaint;
  } cases[] = {
    { "Relays=192.0.2.300", ":4: Relays: not an address \"192.0.2.300\"" },
    { "Relays=192.0.2.10", ":4: Relays: an address of this host: \"192.0.2.10\"" },
    { "Relays=192.0.2.11 192.0.2.11", ":4: Relays: given twice: \"192.0.2.11\"" },
    { "Relays=127.0.0.1", ":4: Relays: not an address that others can reach: \"127.0.0.1\"" },
    { "Listen=fe80::1", ":4: Listen: not an address that others can reach: \"fe80::1\"" },
    { "Resolver=127.0.0.53", ":4: Resolver: not an address that others can reach: \"127.0.0.53\"" },
    { "Subnet=10.20.3.0/24", ":4: Subnet: a route of this host leads into \"10.20.3.0/24\"" },
    { "Subnet=10.0.0.0/8", ":4: Subnet: a route of this host leads into \"10.0.0.0/8\"" },
    { "Subnet=10.9.0.0/25", ":4: Subnet: does not fit the link: \"10.9.0.0/25\"" },
    { "Subnet=fd00::/64", ":4: Subnet: does not fit the link: \"fd00::/64\"" },
    { "Subnet6=fd00::/65", ":4: Subnet6: does not fit the link: \"fd00::/65\"" },
    { "Backup=maybe", ":4: Backup: not a boolean \"maybe\"; expected yes or no" },
    { "Mptcp=yes", ":4: Mptcp: unknown value \"yes\"; expected one of front, native" },
    { "Ports=443", ":3: Ports: given twice: \"443\"" },
    { "Ports=80", ":3: Ports: the proxy \"other\" has the port \"80\"" },
    { "Relay=192.0.2.11", ":4: Relay: unknown key" },
  };
  g_autoptr(NeoProxyHost) host = sample_proxy_host();
  NeoProxyOther *other = neo_proxy_other_new("other");
  guint16 port = 80;
  NeoAddress here = sample_address("192.0.2.10");

  g_array_append_val(other->ports, port);
  g_array_append_val(other->listen, here);
  g_ptr_array_add(host->others, other);
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(GError) error = NULL;
    g_autofree char *text = g_strdup_printf("[Proxy]\nService=a.service\nPorts=443\n%s\n", cases[i].line);
    g_assert_null(sample_proxy_config(text, host, NULL, &error));
    g_assert_error(error, NEO_ERROR, NEO_ERROR_CONFIG);
    g_assert_nonnull(strstr(error->message, cases[i].complaint));
    g_assert_null(strchr(error->message, '\n'));
  }
}

static void test_all_complaints(void)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *service = NULL;

  g_assert_null(sample_proxy_config("[Proxy]\nService=a.service\nPorts=0\nRelays=x ::1 y\n", NULL, &service, &error));
  g_auto(GStrv) lines = g_strsplit(error->message, "\n", -1);
  g_assert_cmpuint(g_strv_length(lines), ==, 3);
  g_assert_cmpstr(service, ==, "a.service");
}

static void test_front_ports(void)
{
  static const struct {
    guint16 ports[3], inside[3];
  } cases[] = {
    { { 443, 80, 10086 }, { 20443, 20080, 30086 } },
    { { 443, 20443, 20444 }, { 20445, 40443, 40444 } },
    { { 45535, 45536, 65535 }, { 1024, 1025, 1026 } },
    { { 65000, 1024, 1025 }, { 1026, 21024, 21025 } },
  };

  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(GArray) ports = g_array_new(FALSE, FALSE, sizeof(guint16));
    g_array_append_vals(ports, cases[i].ports, 3);
    g_autoptr(GArray) front = neo_proxy_front_ports(ports, TRUE), native = neo_proxy_front_ports(ports, FALSE);
    for (guint j = 0; j < 3; j++) {
      g_assert_cmpuint(g_array_index(front, NeoProxyPort, j).inside, ==, cases[i].inside[j]);
      g_assert_cmpuint(g_array_index(native, NeoProxyPort, j).inside, ==, cases[i].ports[j]);
    }
  }
}

static void test_plan(void)
{
  g_autoptr(NeoProxyHost) host = sample_proxy_host();
  g_autoptr(NeoProxyPlan) plan = sample_proxy_plan(CONFIG "Relays=192.0.2.11 2001:db8::11, 192.0.2.12\n", host, NULL);
  g_autofree char *text = neo_proxy_plan_to_string(plan);

  g_assert_cmpstr(text, ==,
                  "namespace neo-main, link neo-main\n"
                  "host 10.9.8.1, inside 10.9.8.2\n"
                  "host fd00:1::1, inside fd00:1::2\n"
                  "port 443, MPTCP taken on 20443 inside\n"
                  "listen 192.0.2.10, on the link 10.9.8.8\n"
                  "listen 2001:db8::10, on the link fd00:1::8\n"
                  "relay 192.0.2.11, on the link 10.9.8.32\n"
                  "relay 2001:db8::11, on the link fd00:1::20\n"
                  "relay 192.0.2.12, on the link 10.9.8.33\n"
                  "outside lo IPv4\n"
                  "outside lo IPv6\n");
}

/* The places of those that stay are kept, and a place that was just given up is not given again. */
static void test_places(void)
{
  g_autoptr(NeoProxyHost) host = sample_proxy_host();
  g_autoptr(NeoProxyPlan) before = sample_proxy_plan(CONFIG "Relays=192.0.2.11 192.0.2.12\n", host, NULL);
  g_autoptr(NeoProxyPlan) plan = sample_proxy_plan(CONFIG "Relays=192.0.2.13 192.0.2.12\n", host, before);
  NeoAddress stays = sample_address("192.0.2.12"), comes = sample_address("192.0.2.13"), old = sample_address("10.9.8.33"),
             fresh = sample_address("10.9.8.34");

  g_assert_true(neo_address_equal(&neo_proxy_mapping_find(plan->relays, &stays)->mapped, &old));
  g_assert_true(neo_address_equal(&neo_proxy_mapping_find(plan->relays, &comes)->mapped, &fresh));
}

static void test_derived_networks(void)
{
  static const char text[] = "[Proxy]\nService=a.service\nPorts=443\n";
  g_autoptr(NeoProxyHost) host = sample_proxy_host();
  g_autoptr(NeoProxyPlan) first = sample_proxy_plan(text, host, NULL), again = sample_proxy_plan(text, host, NULL);

  g_assert_true(neo_address_equal(&first->subnet.address, &again->subnet.address));
  g_assert_true(neo_address_equal(&first->subnet6.address, &again->subnet6.address));
  sample_proxy_route(host, "100.64.0.0/10", 3);
  g_autofree char *ula = neo_address_to_string(&first->subnet6.address), *taken = g_strconcat(ula, "/64", NULL);
  sample_proxy_route(host, taken, 3);
  g_autoptr(NeoProxyPlan) moved = sample_proxy_plan(text, host, NULL);
  g_assert_cmpuint(moved->subnet.address.bytes[0], ==, 10);
  g_assert_null(neo_proxy_host_overlap(host, &moved->subnet));
  g_assert_null(neo_proxy_host_overlap(host, &moved->subnet6));
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/proxy/config/names", test_names);
  g_test_add_func("/proxy/config/services", test_services);
  g_test_add_func("/proxy/config/complaints", test_complaints);
  g_test_add_func("/proxy/config/all-complaints", test_all_complaints);
  g_test_add_func("/proxy/plan/front-ports", test_front_ports);
  g_test_add_func("/proxy/plan/text", test_plan);
  g_test_add_func("/proxy/plan/places", test_places);
  g_test_add_func("/proxy/plan/derived-networks", test_derived_networks);
  return g_test_run();
}
