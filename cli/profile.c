/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/profile.h"

static NMSetting *ip_setting(NMSetting *setting, const char *method, guint32 table)
{
  g_object_set(setting, NM_SETTING_IP_CONFIG_METHOD, method, NM_SETTING_IP_CONFIG_ROUTE_TABLE, table, NULL);
  return setting;
}

NMConnection *neo_profile_new(const NeoPathRequest *request, guint number)
{
  NMConnection *profile = nm_simple_connection_new();
  g_autofree char *name = neo_path_request_name(request, number), *uuid = nm_utils_uuid_generate();
  guint32 table = neo_path_request_table(request, number);

  nm_connection_add_setting(profile, g_object_new(NM_TYPE_SETTING_CONNECTION, NM_SETTING_CONNECTION_ID, name,
                                                  NM_SETTING_CONNECTION_UUID, uuid,
                                                  NM_SETTING_CONNECTION_TYPE, NM_SETTING_MACVLAN_SETTING_NAME,
                                                  NM_SETTING_CONNECTION_INTERFACE_NAME, name, NULL));
  nm_connection_add_setting(profile, g_object_new(NM_TYPE_SETTING_MACVLAN, NM_SETTING_MACVLAN_PARENT, request->parent,
                                                  NM_SETTING_MACVLAN_MODE, NM_SETTING_MACVLAN_MODE_BRIDGE, NULL));
  nm_connection_add_setting(profile, g_object_new(NM_TYPE_SETTING_WIRED, NM_SETTING_WIRED_CLONED_MAC_ADDRESS, "stable", NULL));
  nm_connection_add_setting(profile, ip_setting(nm_setting_ip4_config_new(), NM_SETTING_IP4_CONFIG_METHOD_AUTO, table));
  if (request->ipv6)
    nm_connection_add_setting(profile, ip_setting(nm_setting_ip6_config_new(), NM_SETTING_IP6_CONFIG_METHOD_AUTO, table));
  else
    nm_connection_add_setting(profile, ip_setting(nm_setting_ip6_config_new(), NM_SETTING_IP6_CONFIG_METHOD_DISABLED, 0));
  return profile;
}

static guint32 table_of(NMSettingIPConfig *setting)
{
  return setting ? nm_setting_ip_config_get_route_table(setting) : 0;
}

guint32 neo_profile_table4(NMConnection *profile)
{
  return table_of(nm_connection_get_setting_ip4_config(profile));
}

guint32 neo_profile_table6(NMConnection *profile)
{
  return table_of(nm_connection_get_setting_ip6_config(profile));
}

static gboolean in_range(guint32 table, const NeoTables *tables)
{
  return table >= tables->first && table <= tables->last;
}

guint32 neo_profile_path_table(NMConnection *profile, const NeoTables *tables)
{
  guint32 table4 = neo_profile_table4(profile), table6 = neo_profile_table6(profile);

  if (!nm_connection_is_type(profile, NM_SETTING_MACVLAN_SETTING_NAME))
    return 0;
  if (in_range(table4, tables))
    return table4;
  return in_range(table6, tables) ? table6 : 0;
}
