/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/forwarding.h"
#include "tests/unit/sample-root.h"

static const NeoForwardingLink samples[] = { { AF_INET, "eth0" }, { AF_INET6, "eth0" }, { AF_INET, "eth1" } };

static void check_sysctls(const char *root, const char *wanted)
{
  g_autoptr(GArray) links = g_array_new(FALSE, FALSE, sizeof(NeoForwardingLink));

  g_array_append_vals(links, samples, G_N_ELEMENTS(samples));
  g_autoptr(GArray) sysctls = neo_forwarding_sysctls(links, root);
  g_autofree char *text = sample_root_sysctls(sysctls);
  g_assert_cmpstr(text, ==, wanted);
}

static void test_sysctls(void)
{
  g_autofree char *root = sample_root_make();

  /* An interface that begins to forward drops its default route at once unless accept_ra is 2 by then. */
  sample_root_write(root, "net/ipv6/conf/all/accept_ra", "1\n");
  sample_root_write(root, "net/ipv6/conf/default/accept_ra", "1\n");
  sample_root_write(root, "net/ipv6/conf/eth0/accept_ra", "1\n");
  sample_root_write(root, "net/ipv6/conf/eth9/accept_ra", "0\n");
  check_sysctls(root, "net/ipv4/conf/eth0/forwarding=1 net/ipv4/conf/eth1/forwarding=1 "
                      "net/ipv6/conf/eth0/accept_ra=2 net/ipv6/conf/all/forwarding=1 ");
  /* The same once it is held. */
  sample_root_write(root, "net/ipv6/conf/eth0/accept_ra", "2\n");
  check_sysctls(root, "net/ipv4/conf/eth0/forwarding=1 net/ipv4/conf/eth1/forwarding=1 "
                      "net/ipv6/conf/eth0/accept_ra=2 net/ipv6/conf/all/forwarding=1 ");
  sample_root_write(root, "net/ipv6/conf/all/force_forwarding", "0\n");
  check_sysctls(root, "net/ipv4/conf/eth0/forwarding=1 net/ipv6/conf/eth0/force_forwarding=1 net/ipv4/conf/eth1/forwarding=1 ");
  sample_root_remove(root);
}

typedef struct {
  const char *file, *value; /* written before the question */
  sa_family_t family;
  NeoGuard guard;
} GuardCase;

static void test_guard(void)
{
  static const GuardCase cases[] = {
    { "net/ipv4/conf/eth0/forwarding", "0\n", AF_INET, NEO_GUARD_INTERFACE },
    { "net/ipv4/conf/all/forwarding", "1\n", AF_INET, NEO_GUARD_INTERFACE }, /* the kernel asks the interface alone */
    { "net/ipv4/conf/eth0/forwarding", "1\n", AF_INET, NEO_GUARD_NONE },
    { "state/net+ipv4+conf+eth0+forwarding/before", "0", AF_INET, NEO_GUARD_INTERFACE },
    { "net/ipv6/conf/all/forwarding", "0\n", AF_INET6, NEO_GUARD_ALL },
    { "net/ipv6/conf/all/forwarding", "1\n", AF_INET6, NEO_GUARD_NONE },
    { "state/net+ipv6+conf+all+forwarding/before", "0", AF_INET6, NEO_GUARD_ALL },
    { "net/ipv6/conf/all/force_forwarding", "0\n", AF_INET6, NEO_GUARD_INTERFACE },
    { "net/ipv6/conf/eth0/force_forwarding", "1\n", AF_INET6, NEO_GUARD_NONE },
    { "state/net+ipv6+conf+eth0+force_forwarding/before", "0", AF_INET6, NEO_GUARD_INTERFACE },
    { "state/net+ipv6+conf+all+forwarding/before", "1", AF_INET6, NEO_GUARD_NONE },
  };
  g_autofree char *root = sample_root_make(), *state_dir = g_build_filename(root, "state", NULL);

  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    sample_root_write(root, cases[i].file, cases[i].value);
    g_assert_cmpint(neo_forwarding_guard(cases[i].family, "eth0", root, state_dir), ==, cases[i].guard);
  }
  sample_root_remove(root);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/forwarding/sysctls", test_sysctls);
  g_test_add_func("/forwarding/guard", test_guard);
  return g_test_run();
}
