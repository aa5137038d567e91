/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib/gstdio.h>
#include <unistd.h>

#include "systemd-units/proxy-conflict.h"
#include "systemd-units/proxy-dropin.h"
#include "tests/unit/sample-root.h"

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

static void test_conflicts(void)
{
  static const struct {
    const char *unit, *dropin, *complaint, *name; /* the complaint behind the directory; the drop-in, when not "9.conf" */
  } cases[] = {
    { "[Service]\nPrivateTmp=yes\nRestrictAddressFamilies=AF_INET AF_INET6\n", NULL, NULL },
    { "[Service]\nPrivateNetwork=yes\n", NULL, NULL },
    { "[Service]\nNetworkNamespacePath=/run/netns/vpn\n", NULL, NULL },
    { "[Service]\n", "[Service]\nNetworkNamespacePath = /run/netns/vpn\n", "/high/s@x.service.d/9.conf: NetworkNamespacePath=/run/netns/vpn: another namespace than the proxy's" },
    { "[Service]\n", "[Service]\nNetworkNamespacePath=/run/netns/vpn\n", NULL, "10-vpn.conf" },
    { "[Service]\n", "[Service]\nNetworkNamespacePath=\n", "/high/s@x.service.d/9.conf: NetworkNamespacePath=: another namespace than the proxy's" },
    { "[Service]\n", "[Service]\n#NetworkNamespacePath=/run/netns/vpn\n", NULL },
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
    g_autofree char *dropin = g_strconcat("high/s@x.service.d/", cases[i].name ? cases[i].name : "9.conf", NULL);
    if (cases[i].dropin)
      sample_root_write(dir, dropin, cases[i].dropin);
    g_autofree char *got = neo_proxy_conflicts(unit_dirs, "s@x.service");
    g_assert_cmpstr(got, ==, want);
    sample_root_remove(dir);
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/proxy/dropins/good", test_dropins);
  g_test_add_func("/proxy/dropins/wanted", test_wanted_dropins);
  g_test_add_func("/proxy/dropins/bad", test_bad_dropins);
  g_test_add_func("/proxy/dropins/conflicts", test_conflicts);
  return g_test_run();
}
