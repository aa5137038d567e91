/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "systemd-units/proxy-forward.h"

#include "common/sysctl.h"

#define STATE_DIR "/run/neo/sysctl"
#define CONF6 "net/ipv6/conf"

static void clear_sysctl(gpointer data)
{
  g_free(((NeoProxySysctl *)data)->key);
}

static void add(GArray *sysctls, const char *value, const char *family, const char *link, const char *name)
{
  NeoProxySysctl sysctl = { g_strdup_printf("net/%s/conf/%s/%s", family, link, name), value };
  g_array_append_val(sysctls, sysctl);
}

/* A link that takes router advertisements would stop when it forwards, and lose its default route at once. */
static void add_accept_ra(GArray *sysctls, const char *root)
{
  g_autofree char *conf = g_build_filename(root, CONF6, NULL);
  g_autoptr(GDir) links = g_dir_open(conf, 0, NULL);
  const char *link;

  while (links && (link = g_dir_read_name(links))) {
    g_autofree char *path = g_build_filename(conf, link, "accept_ra", NULL);
    g_autofree char *value = NULL;
    /* 2 is what a hold of ours, or another's, has set. */
    if (g_file_get_contents(path, &value, NULL, NULL) && (value[0] == '1' || value[0] == '2') &&
        !g_str_equal(link, "all") && !g_str_equal(link, "default"))
      add(sysctls, "2", "ipv6", link, "accept_ra");
  }
}

static gboolean can_force(const char *root)
{
  g_autofree char *path = g_build_filename(root, CONF6, "all/force_forwarding", NULL);
  return g_file_test(path, G_FILE_TEST_EXISTS);
}

GArray *neo_proxy_sysctls(const NeoProxyPlan *plan, const char *root)
{
  GArray *sysctls = g_array_new(FALSE, FALSE, sizeof(NeoProxySysctl));
  gboolean force = can_force(root);

  g_array_set_clear_func(sysctls, clear_sysctl);
  add(sysctls, "1", "ipv4", plan->link, "forwarding");
  if (plan->ipv6 && force)
    add(sysctls, "1", "ipv6", plan->link, "force_forwarding");
  for (guint i = 0; i < plan->uplinks->len; i++) {
    const NeoProxyUplink *uplink = &g_array_index(plan->uplinks, NeoProxyUplink, i);
    if (uplink->family == AF_INET)
      add(sysctls, "1", "ipv4", uplink->link, "forwarding");
    else if (force)
      add(sysctls, "1", "ipv6", uplink->link, "force_forwarding");
  }
  if (plan->ipv6 && !force) {
    add_accept_ra(sysctls, root);
    add(sysctls, "1", "ipv6", "all", "forwarding");
  }
  return sysctls;
}

static gboolean is_off(const char *family, const char *link, const char *name)
{
  g_autofree char *key = g_strdup_printf("net/%s/conf/%s/%s", family, link, name);
  g_autofree char *value = neo_sysctl_before(STATE_DIR, key, NULL);

  return value && g_str_equal(value, "0");
}

void neo_proxy_guard(NeoProxyPlan *plan)
{
  gboolean force = can_force("/proc/sys"), off6 = is_off("ipv6", "all", "forwarding");

  for (guint i = 0; i < plan->uplinks->len; i++) {
    NeoProxyUplink *uplink = &g_array_index(plan->uplinks, NeoProxyUplink, i);
    uplink->guarded = uplink->family == AF_INET ? is_off("ipv4", uplink->link, "forwarding")
                                                : force && off6 && is_off("ipv6", uplink->link, "force_forwarding");
  }
  plan->guard_ipv6 = plan->ipv6 && !force && off6;
}

static char *holder(const char *name)
{
  return g_strconcat("proxy-", name, NULL);
}

gboolean neo_proxy_forward_hold(const NeoProxyPlan *plan, GError **error)
{
  g_autoptr(GArray) sysctls = neo_proxy_sysctls(plan, "/proc/sys");
  g_autofree char *who = holder(plan->name);

  for (guint i = 0; i < sysctls->len; i++) {
    const NeoProxySysctl *sysctl = &g_array_index(sysctls, NeoProxySysctl, i);
    if (!neo_sysctl_hold(STATE_DIR, sysctl->key, sysctl->value, who, error))
      return FALSE;
  }
  return TRUE;
}

gboolean neo_proxy_forward_release(const char *name, GError **error)
{
  g_autofree char *who = holder(name);

  return neo_sysctl_release(STATE_DIR, who, error);
}
