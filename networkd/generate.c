/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "networkd/generate.h"

void neo_generated_free(NeoGenerated *file)
{
  g_free(file->name);
  g_free(file->text);
  g_free(file);
}

static void add_file(GPtrArray *files, char *name, char *text)
{
  NeoGenerated *file = g_new0(NeoGenerated, 1);

  *file = (NeoGenerated){ .name = name, .text = text };
  g_ptr_array_add(files, file);
}

static char *netdev_text(const NeoParent *parent, const char *name, const char *mac)
{
  return g_strdup_printf(NEO_GENERATED_MARK "\n"
                         "[NetDev]\n"
                         "Description=Neo path on %s\n"
                         "Name=%s\n"
                         "Kind=macvlan\n"
                         "MACAddress=%s\n"
                         "\n"
                         "[MACVLAN]\n"
                         "Mode=%s\n",
                         parent->name, name, mac, neo_macvlan_modes[parent->mode]);
}

/*
 * Names and time are the parent's business: a path only brings an address and a route. The DHCP client is known by
 * its MAC address, so that each path gets a lease of its own from servers that look at nothing else.
 */
static char *network_text(const NeoParent *parent, const char *name, guint table)
{
  const char *ipv6 = parent->ipv6 ? "yes" : "no";

  return g_strdup_printf(NEO_GENERATED_MARK "\n"
                         "[Match]\n"
                         "Name=%s\n"
                         "\n"
                         "[Link]\n"
                         "RequiredForOnline=no\n"
                         "\n"
                         "[Network]\n"
                         "DHCP=%s\n"
                         "LinkLocalAddressing=%s\n"
                         "IPv6AcceptRA=%s\n"
                         "LLMNR=no\n"
                         "MulticastDNS=no\n"
                         "\n"
                         "[DHCPv4]\n"
                         "ClientIdentifier=mac\n"
                         "RouteTable=%u\n"
                         "UseDNS=no\n"
                         "UseNTP=no\n"
                         "UseHostname=no\n"
                         "UseDomains=no\n"
                         "\n"
                         "[DHCPv6]\n"
                         "UseDNS=no\n"
                         "UseNTP=no\n"
                         "UseHostname=no\n"
                         "UseDomains=no\n"
                         "\n"
                         "[IPv6AcceptRA]\n"
                         "RouteTable=%u\n"
                         "UseDNS=no\n"
                         "UseDomains=no\n",
                         name, neo_dhcp_values[parent->dhcp], parent->ipv6 ? "ipv6" : "no", ipv6, table, table);
}

static char *interface_name(const NeoParent *parent, guint position)
{
  return g_strdup_printf("%s%u", parent->prefix, position + 1);
}

static char *dropin_text(const NeoParent *parent)
{
  GString *text = g_string_new(NEO_GENERATED_MARK "\n[Network]\n");

  for (guint i = 0; i < parent->paths; i++) {
    g_autofree char *name = interface_name(parent, i);
    g_string_append_printf(text, "MACVLAN=%s\n", name);
  }
  return g_string_free(text, FALSE);
}

GPtrArray *neo_generate(const NeoParent *parent, NeoMacOf mac_of, gpointer data)
{
  GPtrArray *files = g_ptr_array_new_with_free_func((GDestroyNotify)neo_generated_free);

  for (guint i = 0; i < parent->paths; i++) {
    g_autofree char *name = interface_name(parent, i);
    g_autofree char *mac = mac_of(parent, i, name, data);
    add_file(files, g_strdup_printf("10-neo-%s.netdev", name), netdev_text(parent, name, mac));
    add_file(files, g_strdup_printf("10-neo-%s.network", name), network_text(parent, name, parent->first_table + i));
  }
  add_file(files, g_strdup_printf("%s.d/50-neo.conf", parent->file), dropin_text(parent));
  return files;
}
