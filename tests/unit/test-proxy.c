/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "common/error.h"
#include "paths/pm-announced.h"
#include "systemd-units/proxy-check.h"
#include "systemd-units/proxy-config.h"
#include "systemd-units/proxy-conflict.h"
#include "systemd-units/proxy-dropin.h"
#include "systemd-units/proxy-files.h"
#include "systemd-units/proxy-forward.h"
#include "systemd-units/proxy-plan.h"
#include "systemd-units/proxy-rules.h"
#include "tests/unit/sample-root.h"

static NeoAddress address(const char *text)
{
  NeoAddress parsed;
  g_assert_true(neo_address_parse(text, &parsed));
  return parsed;
}

static void add_route(NeoProxyHost *host, const char *prefix, guint link)
{
  NeoProxyRoute route = { .link = link, .main = TRUE };
  g_assert_true(neo_prefix_parse(prefix, &route.destination));
  g_array_append_val(host->routes, route);
}

/* A host with one interface; index 1 is lo in every namespace, so its name is known. */
static NeoProxyHost *make_host(void)
{
  NeoProxyHost *host = neo_proxy_host_new();
  NeoProxyHostAddress here = { address("192.0.2.10"), 1, TRUE }, here6 = { address("2001:db8::10"), 1, TRUE };
  NeoProxyHostAddress passing = { address("2001:db8::ffff"), 1, FALSE };

  add_route(host, "0.0.0.0/0", 1);
  add_route(host, "::/0", 1);
  add_route(host, "192.0.2.0/24", 1);
  add_route(host, "10.20.0.0/16", 2);
  g_array_append_val(host->addresses, here);
  g_array_append_val(host->addresses, here6);
  g_array_append_val(host->addresses, passing);
  return host;
}

static NeoProxyConfig *load(const char *text, const NeoProxyHost *host, char **ret_service, GError **error)
{
  g_autofree char *dir = sample_root_make(), *path = g_build_filename(dir, "main.conf", NULL);

  sample_root_write(dir, "main.conf", text);
  NeoProxyConfig *config = neo_proxy_config_load(path, host, ret_service, error);
  sample_root_remove(dir);
  return config;
}

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
    g_autoptr(NeoProxyConfig) config = load(text, NULL, NULL, NULL);
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
  g_autoptr(NeoProxyHost) host = make_host();
  NeoProxyOther *other = neo_proxy_other_new("other");
  guint16 port = 80;
  NeoAddress here = address("192.0.2.10");

  g_array_append_val(other->ports, port);
  g_array_append_val(other->listen, here);
  g_ptr_array_add(host->others, other);
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(GError) error = NULL;
    g_autofree char *text = g_strdup_printf("[Proxy]\nService=a.service\nPorts=443\n%s\n", cases[i].line);
    g_assert_null(load(text, host, NULL, &error));
    g_assert_error(error, NEO_ERROR, NEO_ERROR_CONFIG);
    g_assert_nonnull(strstr(error->message, cases[i].complaint));
    g_assert_null(strchr(error->message, '\n'));
  }
}

static void test_all_complaints(void)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *service = NULL;

  g_assert_null(load("[Proxy]\nService=a.service\nPorts=0\nRelays=x ::1 y\n", NULL, &service, &error));
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

#define CONFIG "[Proxy]\nService=a.service\nPorts=443\nSubnet=10.9.8.0/24\nSubnet6=fd00:1::/64\n"

static NeoProxyPlan *make_plan(const char *text, const NeoProxyHost *host, const NeoProxyPlan *before)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(NeoProxyConfig) config = load(text, host, NULL, &error);
  g_autoptr(GArray) resolvers = g_array_new(FALSE, FALSE, sizeof(NeoAddress));

  g_assert_no_error(error);
  NeoProxyPlan *plan = neo_proxy_plan_make("main", config, host, resolvers, before, &error);
  g_assert_no_error(error);
  return plan;
}

static void test_plan(void)
{
  g_autoptr(NeoProxyHost) host = make_host();
  g_autoptr(NeoProxyPlan) plan = make_plan(CONFIG "Relays=192.0.2.11 2001:db8::11, 192.0.2.12\n", host, NULL);
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
  g_autoptr(NeoProxyHost) host = make_host();
  g_autoptr(NeoProxyPlan) before = make_plan(CONFIG "Relays=192.0.2.11 192.0.2.12\n", host, NULL);
  g_autoptr(NeoProxyPlan) plan = make_plan(CONFIG "Relays=192.0.2.13 192.0.2.12\n", host, before);
  NeoAddress stays = address("192.0.2.12"), comes = address("192.0.2.13"), old = address("10.9.8.33"),
             fresh = address("10.9.8.34");

  g_assert_true(neo_address_equal(&neo_proxy_mapping_find(plan->relays, &stays)->mapped, &old));
  g_assert_true(neo_address_equal(&neo_proxy_mapping_find(plan->relays, &comes)->mapped, &fresh));
}

static void test_derived_networks(void)
{
  static const char text[] = "[Proxy]\nService=a.service\nPorts=443\n";
  g_autoptr(NeoProxyHost) host = make_host();
  g_autoptr(NeoProxyPlan) first = make_plan(text, host, NULL), again = make_plan(text, host, NULL);

  g_assert_true(neo_address_equal(&first->subnet.address, &again->subnet.address));
  g_assert_true(neo_address_equal(&first->subnet6.address, &again->subnet6.address));
  add_route(host, "100.64.0.0/10", 3);
  g_autofree char *ula = neo_address_to_string(&first->subnet6.address), *taken = g_strconcat(ula, "/64", NULL);
  add_route(host, taken, 3);
  g_autoptr(NeoProxyPlan) moved = make_plan(text, host, NULL);
  g_assert_cmpuint(moved->subnet.address.bytes[0], ==, 10);
  g_assert_null(neo_proxy_host_overlap(host, &moved->subnet));
  g_assert_null(neo_proxy_host_overlap(host, &moved->subnet6));
}

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
  g_autoptr(NeoProxyHost) host = make_host();
  g_autoptr(NeoProxyPlan) plan = make_plan(CONFIG "Relays=192.0.2.11\n", host, NULL);

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
  g_autoptr(NeoProxyHost) host = make_host();
  g_autoptr(NeoProxyPlan) plan = make_plan(CONFIG, host, NULL);

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
  g_autoptr(NeoProxyHost) host = make_host();
  g_autoptr(NeoProxyPlan) plan = make_plan(CONFIG, host, NULL);
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
  NeoAddress first = address("192.0.2.53"), second = address("2001:db8::53");

  neo_proxy_nameservers_parse(
      "# nameserver 192.0.2.1\nsearch example.org\nnameserver 127.0.0.53\n"
      "nameserver \t192.0.2.53\n nameserver 2001:db8::53 # old\nnameserver fe80::1%ens3\nnameserver\n",
      servers);
  g_assert_cmpuint(servers->len, ==, 2);
  g_assert_true(neo_address_equal(&g_array_index(servers, NeoAddress, 0), &first));
  g_assert_true(neo_address_equal(&g_array_index(servers, NeoAddress, 1), &second));
}

static void enable(const char *units, const char *name)
{
  g_autofree char *wants_dir = g_build_filename(units, "multi-user.target.wants", NULL);
  g_autofree char *link = g_strdup_printf("%s/neo-netns@%s.service", wants_dir, name);

  g_assert_cmpint(g_mkdir_with_parents(wants_dir, 0755), ==, 0);
  GStatBuf stat;
  if (g_lstat(link, &stat) < 0)
    g_assert_cmpint(symlink("/usr/lib/systemd/system/neo-netns@.service", link), ==, 0);
}

#define TIE(name)                                                                                                      \
  "# Written by neo-proxy-generator(8).\n[Unit]\nBindsTo=neo-netns@" name ".service\nAfter=neo-netns@" name            \
  ".service\n\n[Service]\nNetworkNamespacePath=/run/netns/neo-" name "\n"
#define RESOLV(name) "BindReadOnlyPaths=/run/neo/proxy/" name "/resolv.conf:/etc/resolv.conf\n"

static void assert_file(const char *dir, const char *unit, const char *expected)
{
  g_autofree char *path = g_strconcat(dir, "/", unit, ".d/50-neo.conf", NULL), *text = NULL;

  g_file_get_contents(path, &text, NULL, NULL);
  g_assert_cmpstr(text, ==, expected);
}

static guint count_entries(const char *path)
{
  g_autoptr(GDir) entries = g_dir_open(path, 0, NULL);
  guint n = 0;

  while (entries && g_dir_read_name(entries))
    n++;
  return n;
}

static void test_dropins(void)
{
  g_autofree char *dir = sample_root_make(), *conf = g_build_filename(dir, "conf", NULL);
  g_autofree char *units = g_build_filename(dir, "units", NULL), *out = g_build_filename(dir, "out", NULL);
  g_autofree char *run = g_build_filename(dir, "run", NULL);
  const char *const unit_dirs[] = { units, NULL };

  sample_root_write(dir, "conf/front.conf", "[Proxy]\nService=v2ray.service\nPorts=443 80\n");
  sample_root_write(dir, "conf/native.conf", "[Proxy]\nService=server@main.service\nPorts=8388\nMptcp=native\n");
  sample_root_write(dir, "conf/off.conf", "[Proxy]\nService=off.service\nPorts=1\n");
  sample_root_write(dir, "conf/.swp.conf", "x");
  sample_root_write(dir, "conf/README", "x");
  enable(units, "front");
  sample_root_write(dir, "run/native/state", "");
  g_autoptr(GPtrArray) complaints = neo_proxy_dropins(conf, unit_dirs, run, 8, out);
  g_assert_cmpuint(complaints->len, ==, 0);
  assert_file(out, "v2ray.service", TIE("front") RESOLV("front"));
  assert_file(out, "neo-front@front:443.service", TIE("front"));
  assert_file(out, "neo-front@front:80.service", TIE("front"));
  assert_file(out, "neo-netns@front.service",
              "# Written by neo-proxy-generator(8).\n[Unit]\nWants=neo-front@front:443.service\n"
              "Wants=neo-front@front:80.service\n");
  assert_file(out, "server@main.service", TIE("native") RESOLV("native"));
  g_assert_cmpuint(count_entries(out), ==, 5);
  sample_root_remove(dir);
}

/* What is started with the namespace only where the file asks for it, or the kernel does not do it alone. */
static void test_wanted_dropins(void)
{
  g_autofree char *dir = sample_root_make(), *conf = g_build_filename(dir, "conf", NULL);
  g_autofree char *units = g_build_filename(dir, "units", NULL), *out = g_build_filename(dir, "out", NULL);
  const char *const unit_dirs[] = { units, NULL };

  sample_root_write(dir, "conf/few.conf", "[Proxy]\nService=a.service\nPorts=1\nMptcp=native\nProbe=yes\n"
                                          "Listen=192.0.2.10\nRelays=10.0.0.1 10.0.0.2 10.0.0.3 10.0.0.4 10.0.0.5 10.0.0.6 10.0.0.7\n");
  sample_root_write(dir, "conf/many.conf", "[Proxy]\nService=b.service\nPorts=2\nMptcp=native\n"
                                           "Listen=192.0.2.10\nRelays=10.0.0.1 10.0.0.2 10.0.0.3 10.0.0.4 10.0.0.5 10.0.0.6 10.0.0.7 10.0.0.8\n");
  enable(units, "few");
  enable(units, "many");
  g_autoptr(GPtrArray) complaints = neo_proxy_dropins(conf, unit_dirs, dir, 8, out);
  g_assert_cmpuint(complaints->len, ==, 0);
  assert_file(out, "neo-netns@few.service", "# Written by neo-proxy-generator(8).\n[Unit]\nWants=neo-probe@few.service\n");
  assert_file(out, "neo-netns@many.service", "# Written by neo-proxy-generator(8).\n[Unit]\nWants=neo-pathd@many.service\n");
  sample_root_remove(dir);
}

static void test_conflicts(void)
{
  static const struct {
    const char *unit, *dropin, *complaint; /* the complaint behind the directory */
  } cases[] = {
    { "[Service]\nPrivateTmp=yes\nRestrictAddressFamilies=AF_INET AF_INET6\n", NULL, NULL },
    { "[Service]\nPrivateNetwork=yes\n", NULL, "/low/s@.service: PrivateNetwork=yes: a namespace of its own keeps it out of the proxy's" },
    { "[Service]\nPrivateNetwork=yes\n", "[Service]\nPrivateNetwork=no\n", NULL },
    { "[Service]\n", "[Service]\nPrivateNetwork = true\n", "/high/s@x.service.d/9.conf: PrivateNetwork=true: a namespace of its own keeps it out of the proxy's" },
    { "[Service]\n#PrivateNetwork=yes\n", NULL, NULL },
    { "[Service]\nNetworkNamespacePath=/run/netns/vpn\n", NULL, "/low/s@.service: NetworkNamespacePath=/run/netns/vpn: another namespace than the proxy's" },
    { "[Service]\nRestrictAddressFamilies=AF_UNIX\nRestrictAddressFamilies=AF_NETLINK\n", NULL,
      "/low/s@.service: RestrictAddressFamilies=AF_UNIX AF_NETLINK: neither IPv4 nor IPv6 is allowed" },
    { "[Service]\nRestrictAddressFamilies=AF_UNIX\n", "[Service]\nRestrictAddressFamilies=AF_INET\n", NULL },
    { "[Service]\nRestrictAddressFamilies=~AF_INET AF_INET6\n", NULL,
      "/low/s@.service: RestrictAddressFamilies=~AF_INET AF_INET6: neither IPv4 nor IPv6 is allowed" },
    { "[Service]\nRestrictAddressFamilies=~AF_PACKET\n", NULL, NULL },
    { "[Service]\nRestrictAddressFamilies=AF_UNIX\n", "[Service]\nRestrictAddressFamilies=\n", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autofree char *dir = sample_root_make(), *high = g_build_filename(dir, "high", NULL), *low = g_build_filename(dir, "low", NULL);
    g_autofree char *want = cases[i].complaint ? g_strconcat(dir, cases[i].complaint, NULL) : NULL;
    const char *const unit_dirs[] = { high, low, NULL };
    sample_root_write(dir, "low/s@.service", cases[i].unit);
    if (cases[i].dropin)
      sample_root_write(dir, "high/s@x.service.d/9.conf", cases[i].dropin);
    g_autofree char *got = neo_proxy_conflicts(unit_dirs, "s@x.service");
    g_assert_cmpstr(got, ==, want);
    sample_root_remove(dir);
  }
}

static void join_is(NeoProxyCheck *check, gint64 at, gboolean known, gboolean accepted, NeoCheckStep step, gboolean well)
{
  NeoProbeJoin join = { .known = known, .accepted = accepted };

  g_assert_cmpint(neo_proxy_check_turn(check, &join, at * 1000), ==, step);
  g_assert_cmpint(check->well, ==, well);
}

/* Times in milliseconds. */
static void test_check(void)
{
  NeoProxyCheck check = { .good_at = 1000 };

  join_is(&check, 1, FALSE, FALSE, NEO_CHECK_JOIN, FALSE);
  join_is(&check, 20, TRUE, FALSE, NEO_CHECK_WAIT, FALSE);
  join_is(&check, 40, TRUE, TRUE, NEO_CHECK_CLOSE, TRUE);
  join_is(&check, 500, FALSE, FALSE, NEO_CHECK_WAIT, TRUE);
  g_assert_cmpint(neo_proxy_check_next(&check, 500 * 1000), ==, 1001 * 1000);
  join_is(&check, 1001, FALSE, FALSE, NEO_CHECK_JOIN, TRUE);
  /* Silence: three joins in all are tried before the relay is given up. */
  join_is(&check, 2400, TRUE, FALSE, NEO_CHECK_WAIT, TRUE);
  join_is(&check, 2501, TRUE, FALSE, NEO_CHECK_CLOSE, TRUE);
  join_is(&check, 2502, FALSE, FALSE, NEO_CHECK_JOIN, TRUE);
  join_is(&check, 3839, TRUE, FALSE, NEO_CHECK_WAIT, TRUE);
  join_is(&check, 3840, TRUE, FALSE, NEO_CHECK_WAIT, FALSE);
  /* Refused: asked again a second after. */
  join_is(&check, 4002, TRUE, FALSE, NEO_CHECK_CLOSE, FALSE);
  join_is(&check, 4003, FALSE, FALSE, NEO_CHECK_JOIN, FALSE);
  join_is(&check, 4004, FALSE, FALSE, NEO_CHECK_WAIT, FALSE);
  join_is(&check, 4500, FALSE, FALSE, NEO_CHECK_WAIT, FALSE);
  join_is(&check, 5003, FALSE, FALSE, NEO_CHECK_JOIN, FALSE);
  join_is(&check, 5020, TRUE, TRUE, NEO_CHECK_CLOSE, TRUE);
  /* A new connection asks at once; after a gap it has the time of a join. */
  neo_proxy_check_begin(&check, FALSE, 5100 * 1000);
  join_is(&check, 5100, FALSE, FALSE, NEO_CHECK_JOIN, TRUE);
  neo_proxy_check_begin(&check, TRUE, 20000 * 1000);
  join_is(&check, 20000, FALSE, FALSE, NEO_CHECK_JOIN, TRUE);
  join_is(&check, 21499, TRUE, FALSE, NEO_CHECK_WAIT, TRUE);
  join_is(&check, 21500, TRUE, FALSE, NEO_CHECK_CLOSE, FALSE);
}

static void add_signal(GArray *signals, const char *text, guint8 id)
{
  NeoPmRemote signal = { .address = address(text), .id = id };
  g_array_append_val(signals, signal);
}

static void add_mark(GArray *marked, const char *text, guint8 protocol)
{
  NeoPmMarked mark = { address(text), protocol };
  g_array_append_val(marked, mark);
}

static void signal_is(const GArray *signals, guint i, const char *text, guint8 id, gboolean backup)
{
  const NeoPmRemote *signal = &g_array_index(signals, NeoPmRemote, i);
  g_autofree char *got = neo_address_to_string(&signal->address);

  g_assert_cmpstr(got, ==, text);
  g_assert_cmpuint(signal->id, ==, id);
  g_assert_cmpint(signal->backup, ==, backup);
}

/* Addresses that neo-netns marks have ids of their own, which they keep. */
static void test_marked(void)
{
  g_autoptr(GArray) before = g_array_new(FALSE, FALSE, sizeof(NeoPmRemote)), signals = g_array_new(FALSE, FALSE, sizeof(NeoPmRemote)),
                    marked = g_array_new(FALSE, FALSE, sizeof(NeoPmMarked));

  add_signal(before, "192.0.2.11", 254);
  add_signal(before, "192.0.2.12", 253);
  add_signal(signals, "192.0.2.1", 255);
  add_signal(signals, "192.0.2.13", 3);
  add_signal(signals, "192.0.2.14", 4);
  add_mark(marked, "192.0.2.14", NEO_IFAPROT_WITHHELD);
  add_mark(marked, "192.0.2.13", NEO_IFAPROT_ANNOUNCED);
  add_mark(marked, "192.0.2.12", NEO_IFAPROT_BACKUP);
  add_mark(marked, "2001:db8::1", NEO_IFAPROT_ANNOUNCED);
  neo_pm_apply_marked(signals, marked, before);
  g_assert_cmpuint(signals->len, ==, 4);
  signal_is(signals, 0, "192.0.2.1", 255, FALSE);
  signal_is(signals, 1, "192.0.2.13", 252, FALSE);
  signal_is(signals, 2, "192.0.2.12", 253, TRUE);
  signal_is(signals, 3, "2001:db8::1", 251, FALSE);
}

static void test_bad_dropins(void)
{
  g_autofree char *dir = sample_root_make(), *conf = g_build_filename(dir, "conf", NULL);
  g_autofree char *units = g_build_filename(dir, "units", NULL), *out = g_build_filename(dir, "out", NULL);
  g_autofree char *run = g_build_filename(dir, "run", NULL);
  const char *const unit_dirs[] = { units, NULL };

  sample_root_write(dir, "conf/aaa.conf", "[Proxy]\nService=a.service\nPorts=443\nMptcp=native\n");
  sample_root_write(dir, "conf/bad.conf", "[Proxy]\nService=b.service\nPorts=0\n");
  sample_root_write(dir, "conf/same.conf", "[Proxy]\nService=a.service\nPorts=80\n");
  sample_root_write(dir, "conf/worse.conf", "[Proxy]\nService=b\n");
  sample_root_write(dir, "conf/not.a.name.conf", "[Proxy]\nService=c.service\nPorts=1\n");
  enable(units, "aaa");
  enable(units, "bad");
  enable(units, "same");
  enable(units, "worse");
  g_autoptr(GPtrArray) complaints = neo_proxy_dropins(conf, unit_dirs, run, 8, out);
  g_assert_cmpuint(complaints->len, ==, 4);
  assert_file(out, "a.service", TIE("aaa") RESOLV("aaa"));
  /* Where the service is known it must not run outside by mistake. */
  assert_file(out, "b.service", TIE("bad") RESOLV("bad"));
  g_assert_cmpuint(count_entries(out), ==, 2);
  sample_root_remove(dir);
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
  g_test_add_func("/proxy/rules/add", test_rules);
  g_test_add_func("/proxy/rules/remove", test_rules_remove);
  g_test_add_func("/proxy/forward/sysctls", test_sysctls);
  g_test_add_func("/proxy/forward/guard", test_guard);
  g_test_add_func("/proxy/files/nameservers", test_nameservers);
  g_test_add_func("/proxy/dropins/good", test_dropins);
  g_test_add_func("/proxy/dropins/wanted", test_wanted_dropins);
  g_test_add_func("/proxy/dropins/bad", test_bad_dropins);
  g_test_add_func("/proxy/dropins/conflicts", test_conflicts);
  g_test_add_func("/proxy/check", test_check);
  g_test_add_func("/proxy/marked", test_marked);
  return g_test_run();
}
