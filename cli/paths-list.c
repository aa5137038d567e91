/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "cli/arguments.h"
#include "cli/client.h"
#include "cli/path-status.h"
#include "cli/profile.h"
#include "cli/verbs.h"
#include "common/address.h"

static const char *state_of(NMDevice *device)
{
  static const struct {
    NMDeviceState first; /* and all up to the next row's */
    const char *word;
  } words[] = {
    { NM_DEVICE_STATE_UNKNOWN, "down" },
    { NM_DEVICE_STATE_PREPARE, "starting" },
    { NM_DEVICE_STATE_IP_CONFIG, "waiting" },
    { NM_DEVICE_STATE_ACTIVATED, "up" },
    { NM_DEVICE_STATE_DEACTIVATING, "stopping" },
    { NM_DEVICE_STATE_FAILED, "failed" },
  };
  const char *word = words[0].word;

  for (guint i = 0; device && i < G_N_ELEMENTS(words); i++)
    if (nm_device_get_state(device) >= words[i].first)
      word = words[i].word;
  return word;
}

static void take_addresses(NMIPConfig *config, GPtrArray *addresses)
{
  const GPtrArray *seen = config ? nm_ip_config_get_addresses(config) : NULL;

  for (guint i = 0; seen && i < seen->len; i++) {
    const char *text = nm_ip_address_get_address(seen->pdata[i]);
    NeoAddress address;
    if (neo_address_parse(text, &address) && !neo_address_is_link_local(&address))
      g_ptr_array_add(addresses, g_strdup(text));
  }
}

static NeoPathStatus *status_of(NMClient *client, NMRemoteConnection *profile, guint32 table)
{
  NeoPathStatus *status = g_new0(NeoPathStatus, 1);
  NMConnection *connection = NM_CONNECTION(profile);
  NMDevice *device = neo_client_device(client, profile);
  const char *interface = device ? nm_device_get_iface(device) : nm_connection_get_interface_name(connection);
  const char *parent = nm_setting_macvlan_get_parent(nm_connection_get_setting_macvlan(connection));

  status->name = g_strdup(nm_connection_get_id(connection));
  status->uuid = g_strdup(nm_connection_get_uuid(connection));
  status->interface = g_strdup(interface ? interface : "-");
  status->parent = g_strdup(parent ? parent : "-");
  status->table = table;
  status->state = state_of(device);
  status->addresses = g_ptr_array_new_with_free_func(g_free);
  if (device) {
    take_addresses(nm_device_get_ip4_config(device), status->addresses);
    take_addresses(nm_device_get_ip6_config(device), status->addresses);
  }
  return status;
}

static gint compare(gconstpointer a, gconstpointer b)
{
  const NeoPathStatus *left = *(const NeoPathStatus *const *)a, *right = *(const NeoPathStatus *const *)b;

  if (left->table != right->table)
    return left->table < right->table ? -1 : 1;
  return g_strcmp0(left->name, right->name);
}

static GPtrArray *find_paths(NMClient *client, const NeoTables *tables)
{
  const GPtrArray *profiles = nm_client_get_connections(client);
  GPtrArray *paths = g_ptr_array_new_with_free_func((GDestroyNotify)neo_path_status_free);

  for (guint i = 0; i < profiles->len; i++) {
    guint32 table = neo_profile_path_table(profiles->pdata[i], tables);
    if (table)
      g_ptr_array_add(paths, status_of(client, profiles->pdata[i], table));
  }
  g_ptr_array_sort(paths, compare);
  return paths;
}

gboolean neo_paths_list(const NeoVerb *verb, int argc, char **argv, GError **error)
{
  gboolean json = FALSE;
  const GOptionEntry entries[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &json, "Print JSON", NULL },
    { NULL },
  };
  g_autoptr(NMClient) client = NULL;
  NeoPathsConf conf;

  if (!neo_arguments_parse(verb, entries, argc, argv, error) || !neo_paths_conf_load(NEO_CONFDIR "/paths.conf", &conf, error))
    return FALSE;
  client = neo_client_open(error);
  if (!client)
    return FALSE;
  g_autoptr(GPtrArray) paths = find_paths(client, &conf.tables);
  g_autofree char *text = json ? neo_path_status_json(paths) : neo_path_status_table(paths);
  fputs(text, stdout);
  return TRUE;
}
