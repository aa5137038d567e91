/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/forwarding.h"

#include "common/sysctl.h"

#define CONF6 "net/ipv6/conf"

static char *key_of(sa_family_t family, const char *interface, const char *name)
{
  return g_strdup_printf("net/%s/conf/%s/%s", family == AF_INET ? "ipv4" : "ipv6", interface, name);
}

static void clear_sysctl(gpointer data)
{
  g_free(((NeoForwardingSysctl *)data)->key);
}

static void add(GArray *sysctls, const char *value, sa_family_t family, const char *interface, const char *name)
{
  NeoForwardingSysctl sysctl = { key_of(family, interface, name), value };
  g_array_append_val(sysctls, sysctl);
}

/* An interface that begins to forward with accept_ra=1 forgets the routes that it learned. */
static void add_accept_ra(GArray *sysctls, const char *root)
{
  g_autofree char *conf = g_build_filename(root, CONF6, NULL);
  g_autoptr(GDir) interfaces = g_dir_open(conf, 0, NULL);
  const char *interface;

  while (interfaces && (interface = g_dir_read_name(interfaces))) {
    g_autofree char *path = g_build_filename(conf, interface, "accept_ra", NULL);
    g_autofree char *value = NULL;
    /* 2 is what a hold of ours, or another's, has set. */
    if (g_file_get_contents(path, &value, NULL, NULL) && (value[0] == '1' || value[0] == '2') &&
        !g_str_equal(interface, "all") && !g_str_equal(interface, "default"))
      add(sysctls, "2", AF_INET6, interface, "accept_ra");
  }
}

static gboolean can_force(const char *root)
{
  g_autofree char *path = g_build_filename(root, CONF6, "all/force_forwarding", NULL);
  return g_file_test(path, G_FILE_TEST_EXISTS);
}

GArray *neo_forwarding_sysctls(const GArray *links, const char *root)
{
  GArray *sysctls = g_array_new(FALSE, FALSE, sizeof(NeoForwardingSysctl));
  gboolean force = can_force(root), all = FALSE;

  g_array_set_clear_func(sysctls, clear_sysctl);
  for (guint i = 0; i < links->len; i++) {
    const NeoForwardingLink *link = &g_array_index(links, NeoForwardingLink, i);
    if (link->family == AF_INET)
      add(sysctls, "1", AF_INET, link->interface, "forwarding");
    else if (force)
      add(sysctls, "1", AF_INET6, link->interface, "force_forwarding");
    else
      all = TRUE;
  }
  if (all) {
    add_accept_ra(sysctls, root);
    add(sysctls, "1", AF_INET6, "all", "forwarding");
  }
  return sysctls;
}

static gboolean was_on(const char *root, const char *state_dir, sa_family_t family, const char *interface, const char *name)
{
  g_autofree char *key = key_of(family, interface, name);
  g_autofree char *value = neo_sysctl_before(root, state_dir, key, NULL);

  return value && !g_str_equal(value, "0");
}

NeoGuard neo_forwarding_guard(sa_family_t family, const char *interface, const char *root, const char *state_dir)
{
  if (family == AF_INET)
    return was_on(root, state_dir, AF_INET, interface, "forwarding") ? NEO_GUARD_NONE : NEO_GUARD_INTERFACE;
  if (was_on(root, state_dir, AF_INET6, "all", "forwarding"))
    return NEO_GUARD_NONE;
  if (!can_force(root))
    return NEO_GUARD_ALL;
  return was_on(root, state_dir, AF_INET6, interface, "force_forwarding") ? NEO_GUARD_NONE : NEO_GUARD_INTERFACE;
}

gboolean neo_forwarding_hold(const GArray *sysctls, const char *holder, GError **error)
{
  for (guint i = 0; i < sysctls->len; i++) {
    const NeoForwardingSysctl *sysctl = &g_array_index(sysctls, NeoForwardingSysctl, i);
    if (!neo_sysctl_hold(NEO_FORWARDING_STATE_DIR, sysctl->key, sysctl->value, holder, error))
      return FALSE;
  }
  return TRUE;
}

gboolean neo_forwarding_release(const char *holder, GError **error)
{
  return neo_sysctl_release(NEO_FORWARDING_STATE_DIR, holder, error);
}
