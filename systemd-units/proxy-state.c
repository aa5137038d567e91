/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "systemd-units/proxy-state.h"

#include <string.h>

#include "common/error.h"
#include "common/lock.h"

#define GROUP "State"

char *neo_proxy_state_dir(const char *name)
{
  return g_build_filename(NEO_PROXY_RUN_DIR, name, NULL);
}

int neo_proxy_lock(GError **error)
{
  return neo_lock_directory(NEO_PROXY_RUN_DIR, error);
}

static char *state_path(const char *name)
{
  return g_build_filename(NEO_PROXY_RUN_DIR, name, "state", NULL);
}

static void load_mappings(GKeyFile *file, const char *key, GArray *mappings)
{
  g_auto(GStrv) words = g_key_file_get_string_list(file, GROUP, key, NULL, NULL);

  for (char **word = words; word && *word; word++) {
    g_auto(GStrv) sides = g_strsplit(*word, " ", 2);
    NeoProxyMapping mapping;
    if (g_strv_length(sides) == 2 && neo_address_parse(sides[0], &mapping.address) &&
        neo_address_parse(sides[1], &mapping.mapped))
      g_array_append_val(mappings, mapping);
  }
}

static void load_addresses(GKeyFile *file, const char *key, GArray *addresses)
{
  g_auto(GStrv) words = g_key_file_get_string_list(file, GROUP, key, NULL, NULL);

  for (char **word = words; word && *word; word++) {
    NeoAddress address;
    if (neo_address_parse(*word, &address))
      g_array_append_val(addresses, address);
  }
}

/* "LINK 4|6 GUARDED" each. */
static void load_uplinks(GKeyFile *file, GArray *uplinks)
{
  g_auto(GStrv) words = g_key_file_get_string_list(file, GROUP, "Uplinks", NULL, NULL);

  for (char **word = words; word && *word; word++) {
    g_auto(GStrv) parts = g_strsplit(*word, " ", 3);
    if (g_strv_length(parts) != 3)
      continue;
    NeoProxyUplink uplink = { g_strdup(parts[0]), g_str_equal(parts[1], "4") ? AF_INET : AF_INET6,
                              g_str_equal(parts[2], "1") };
    g_array_append_val(uplinks, uplink);
  }
}

static void load_ports(GKeyFile *file, GArray *ports)
{
  gsize n = 0;
  g_autofree int *numbers = g_key_file_get_integer_list(file, GROUP, "Ports", &n, NULL);

  for (gsize i = 0; i + 1 < n; i += 2) {
    NeoProxyPort port = { numbers[i], numbers[i + 1] };
    g_array_append_val(ports, port);
  }
}

NeoProxyPlan *neo_proxy_state_load(const char *name)
{
  g_autoptr(GKeyFile) file = g_key_file_new();
  g_autofree char *path = state_path(name);

  if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, NULL))
    return NULL;
  g_autoptr(NeoProxyPlan) plan = neo_proxy_plan_new(name);
  g_autofree char *subnet = g_key_file_get_string(file, GROUP, "Subnet", NULL);
  g_autofree char *subnet6 = g_key_file_get_string(file, GROUP, "Subnet6", NULL);
  if (!subnet || !neo_prefix_parse(subnet, &plan->subnet))
    return NULL;
  plan->ipv6 = subnet6 && neo_prefix_parse(subnet6, &plan->subnet6);
  plan->front = g_key_file_get_boolean(file, GROUP, "Front", NULL);
  plan->backup = g_key_file_get_boolean(file, GROUP, "Backup", NULL);
  plan->probe = g_key_file_get_boolean(file, GROUP, "Probe", NULL);
  plan->guard_ipv6 = g_key_file_get_boolean(file, GROUP, "GuardIPv6", NULL);
  neo_proxy_plan_ends(plan);
  load_ports(file, plan->ports);
  load_mappings(file, "Listen", plan->listen);
  load_mappings(file, "Relays", plan->relays);
  load_addresses(file, "Withheld", plan->withheld);
  load_uplinks(file, plan->uplinks);
  load_addresses(file, "Resolvers", plan->resolvers);
  load_addresses(file, "HostResolvers", plan->host_resolvers);
  return g_steal_pointer(&plan);
}

static void save_prefix(GKeyFile *file, const char *key, const NeoPrefix *prefix)
{
  g_autofree char *address = neo_address_to_string(&prefix->address);
  g_autofree char *text = g_strdup_printf("%s/%u", address, prefix->length);

  g_key_file_set_string(file, GROUP, key, text);
}

static void save_words(GKeyFile *file, const char *key, const GPtrArray *words)
{
  g_key_file_set_string_list(file, GROUP, key, (const char *const *)words->pdata, words->len);
}

static void save_addresses(GKeyFile *file, const char *key, const GArray *addresses)
{
  g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);

  for (guint i = 0; i < addresses->len; i++)
    g_ptr_array_add(words, neo_address_to_string(&g_array_index(addresses, NeoAddress, i)));
  save_words(file, key, words);
}

static void save_uplinks(GKeyFile *file, const GArray *uplinks)
{
  g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);

  for (guint i = 0; i < uplinks->len; i++) {
    const NeoProxyUplink *uplink = &g_array_index(uplinks, NeoProxyUplink, i);
    g_ptr_array_add(words,
                    g_strdup_printf("%s %d %d", uplink->link, uplink->family == AF_INET ? 4 : 6, uplink->guarded));
  }
  save_words(file, "Uplinks", words);
}

static void save_mappings(GKeyFile *file, const char *key, const GArray *mappings)
{
  g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);

  for (guint i = 0; i < mappings->len; i++) {
    const NeoProxyMapping *mapping = &g_array_index(mappings, NeoProxyMapping, i);
    g_autofree char *address = neo_address_to_string(&mapping->address),
                    *mapped = neo_address_to_string(&mapping->mapped);
    g_ptr_array_add(words, g_strconcat(address, " ", mapped, NULL));
  }
  save_words(file, key, words);
}

gboolean neo_proxy_state_save(const NeoProxyPlan *plan, GError **error)
{
  g_autoptr(GKeyFile) file = g_key_file_new();
  g_autoptr(GArray) ports = g_array_new(FALSE, FALSE, sizeof(int));
  g_autofree char *path = state_path(plan->name);

  for (guint i = 0; i < plan->ports->len; i++) {
    const NeoProxyPort *port = &g_array_index(plan->ports, NeoProxyPort, i);
    int pair[] = { port->port, port->inside };
    g_array_append_vals(ports, pair, G_N_ELEMENTS(pair));
  }
  save_prefix(file, "Subnet", &plan->subnet);
  if (plan->ipv6)
    save_prefix(file, "Subnet6", &plan->subnet6);
  g_key_file_set_boolean(file, GROUP, "Front", plan->front);
  g_key_file_set_integer_list(file, GROUP, "Ports", (int *)ports->data, ports->len);
  save_mappings(file, "Listen", plan->listen);
  save_mappings(file, "Relays", plan->relays);
  g_key_file_set_boolean(file, GROUP, "Backup", plan->backup);
  g_key_file_set_boolean(file, GROUP, "Probe", plan->probe);
  save_addresses(file, "Withheld", plan->withheld);
  g_key_file_set_boolean(file, GROUP, "GuardIPv6", plan->guard_ipv6);
  save_uplinks(file, plan->uplinks);
  save_addresses(file, "Resolvers", plan->resolvers);
  save_addresses(file, "HostResolvers", plan->host_resolvers);
  return g_key_file_save_to_file(file, path, error);
}

void neo_proxy_state_others(const char *name, NeoProxyHost *host)
{
  g_autoptr(GDir) entries = g_dir_open(NEO_PROXY_RUN_DIR, 0, NULL);
  const char *entry;

  while (entries && (entry = g_dir_read_name(entries))) {
    g_autoptr(NeoProxyPlan) plan = g_str_equal(entry, name) ? NULL : neo_proxy_state_load(entry);
    if (!plan)
      continue;
    NeoProxyOther *other = neo_proxy_other_new(entry);
    for (guint i = 0; i < plan->ports->len; i++)
      g_array_append_val(other->ports, g_array_index(plan->ports, NeoProxyPort, i).port);
    for (guint i = 0; i < plan->listen->len; i++)
      g_array_append_val(other->listen, g_array_index(plan->listen, NeoProxyMapping, i).address);
    g_ptr_array_add(host->others, other);
  }
}
