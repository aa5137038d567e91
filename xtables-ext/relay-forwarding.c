/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "xtables-ext/relay-forwarding.h"

#include "common/sysctl.h"

NeoRelayForwarding *neo_relay_forwarding_new(void)
{
  NeoRelayForwarding *forwarding = g_new0(NeoRelayForwarding, 1);

  forwarding->forwarding = g_ptr_array_new_with_free_func(g_free);
  forwarding->advertised = g_ptr_array_new_with_free_func(g_free);
  return forwarding;
}

void neo_relay_forwarding_free(NeoRelayForwarding *forwarding)
{
  if (!forwarding)
    return;
  g_ptr_array_unref(forwarding->forwarding);
  g_ptr_array_unref(forwarding->advertised);
  g_free(forwarding);
}

static char *key_of(const NeoRelaySide *side, const char *interface, const char *name)
{
  return g_strdup_printf("net/%s/conf/%s/%s", side->family == AF_INET ? "ipv4" : "ipv6", interface, name);
}

/* Linux 6.17 has force_forwarding for IPv6; before, conf/IFACE/forwarding of IPv6 only says whether it acts as a router towards neighbours. */
static const char *interface_switch(const NeoRelaySide *side)
{
  return side->family == AF_INET ? "forwarding" : "force_forwarding";
}

static gboolean was_on(const char *state_dir, const char *key)
{
  g_autofree char *value = neo_sysctl_before(state_dir, key, NULL);
  return value && !g_str_equal(value, "0");
}

static void read_advertised(NeoRelayForwarding *forwarding, const NeoRelaySide *side, const char *state_dir)
{
  g_autoptr(GDir) interfaces = g_dir_open("/proc/sys/net/ipv6/conf", 0, NULL);
  const char *interface;

  while (interfaces && (interface = g_dir_read_name(interfaces))) {
    g_autofree char *key = key_of(side, interface, "accept_ra");
    g_autofree char *value = neo_sysctl_before(state_dir, key, NULL);
    if (value && g_str_equal(value, "1") && !g_str_equal(interface, "all") && !g_str_equal(interface, "default"))
      g_ptr_array_add(forwarding->advertised, g_strdup(interface));
  }
}

NeoRelayForwarding *neo_relay_forwarding_read(const NeoRelaySide *side, const char *state_dir)
{
  NeoRelayForwarding *forwarding = neo_relay_forwarding_new();
  g_autofree char *all = key_of(side, "all", "forwarding");
  g_autofree char *probe = key_of(side, "lo", interface_switch(side));
  g_autofree char *probed = neo_sysctl_read(probe, NULL);

  forwarding->router = was_on(state_dir, all);
  forwarding->per_interface = probed != NULL;
  for (guint i = 0; i < side->interfaces->len; i++) {
    const char *interface = side->interfaces->pdata[i];
    g_autofree char *key = key_of(side, interface, interface_switch(side));
    if (was_on(state_dir, key))
      g_ptr_array_add(forwarding->forwarding, g_strdup(interface));
  }
  if (!forwarding->per_interface)
    read_advertised(forwarding, side, state_dir);
  return forwarding;
}

static void sysctl_free(gpointer data)
{
  NeoRelaySysctl *one = data;

  g_free(one->key);
  g_free(one);
}

static void add_sysctl(GPtrArray *sysctls, char *key, const char *value)
{
  NeoRelaySysctl *one = g_new0(NeoRelaySysctl, 1);

  *one = (NeoRelaySysctl){ key, value };
  g_ptr_array_add(sysctls, one);
}

GPtrArray *neo_relay_sysctls_new(void)
{
  return g_ptr_array_new_with_free_func(sysctl_free);
}

void neo_relay_forwarding_sysctls(const NeoRelaySide *side, const NeoRelayForwarding *forwarding, GPtrArray *sysctls)
{
  if (forwarding->per_interface) {
    for (guint i = 0; i < side->interfaces->len; i++)
      add_sysctl(sysctls, key_of(side, side->interfaces->pdata[i], interface_switch(side)), "1");
    return;
  }
  /* First, as an interface that begins to forward with accept_ra=1 forgets the routes that it learned. */
  for (guint i = 0; i < forwarding->advertised->len; i++)
    add_sysctl(sysctls, key_of(side, forwarding->advertised->pdata[i], "accept_ra"), "2");
  add_sysctl(sysctls, key_of(side, "all", "forwarding"), "1");
}

void neo_relay_forwarding_guard(NeoRelaySide *side, const NeoRelayForwarding *forwarding)
{
  g_ptr_array_set_size(side->guarded, 0);
  if (forwarding->router)
    return;
  if (!forwarding->per_interface) {
    g_ptr_array_add(side->guarded, g_strdup("+"));
    return;
  }
  for (guint i = 0; i < side->interfaces->len; i++) {
    const char *interface = side->interfaces->pdata[i];
    if (!g_ptr_array_find_with_equal_func(forwarding->forwarding, interface, g_str_equal, NULL))
      g_ptr_array_add(side->guarded, g_strdup(interface));
  }
}
