/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/client.h"

#include "common/error.h"

static void keep_result(GObject *source, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **)data = g_object_ref(result);
}

/* NetworkManager or the bus answers, or libnm's time limit for a call does. */
static void wait_for(GAsyncResult **result)
{
  while (!*result)
    g_main_context_iteration(NULL, TRUE);
}

static gboolean fail(GError **error, NMRemoteConnection *profile, const char *what, const GError *cause)
{
  g_set_error(error, NEO_ERROR, NEO_ERROR_SYSTEM, "profile \"%s\": NetworkManager does not %s it: %s",
              nm_connection_get_id(NM_CONNECTION(profile)), what, cause->message);
  return FALSE;
}

NMClient *neo_client_open(GError **error)
{
  g_autoptr(GError) cause = NULL;
  g_autoptr(NMClient) client = nm_client_new(NULL, &cause);

  if (client && nm_client_get_nm_running(client))
    return g_steal_pointer(&client);
  g_set_error(error, NEO_ERROR, NEO_ERROR_UNSUPPORTED, "NetworkManager does not run%s%s; expected it to: systemctl start NetworkManager",
              cause ? ": " : "", cause ? cause->message : "");
  return NULL;
}

NMRemoteConnection *neo_client_add(NMClient *client, NMConnection *profile, GError **error)
{
  g_autoptr(GAsyncResult) result = NULL;
  g_autoptr(GError) cause = NULL;

  nm_client_add_connection2(client, nm_connection_to_dbus(profile, NM_CONNECTION_SERIALIZE_ALL),
                            NM_SETTINGS_ADD_CONNECTION2_FLAG_TO_DISK | NM_SETTINGS_ADD_CONNECTION2_FLAG_BLOCK_AUTOCONNECT, NULL, TRUE, NULL,
                            keep_result, &result);
  wait_for(&result);
  NMRemoteConnection *added = nm_client_add_connection2_finish(client, result, NULL, &cause);
  if (!added)
    g_set_error(error, NEO_ERROR, NEO_ERROR_SYSTEM, "profile \"%s\": NetworkManager does not take it: %s", nm_connection_get_id(profile),
                cause->message);
  return added;
}

gboolean neo_client_activate(NMClient *client, NMRemoteConnection *profile, GError **error)
{
  g_autoptr(GAsyncResult) result = NULL;
  g_autoptr(GError) cause = NULL;

  nm_client_activate_connection_async(client, NM_CONNECTION(profile), NULL, NULL, NULL, keep_result, &result);
  wait_for(&result);
  g_autoptr(NMActiveConnection) active = nm_client_activate_connection_finish(client, result, &cause);
  return active || fail(error, profile, "start", cause);
}

gboolean neo_client_delete(NMRemoteConnection *profile, GError **error)
{
  g_autoptr(GAsyncResult) result = NULL;
  g_autoptr(GError) cause = NULL;

  nm_remote_connection_delete_async(profile, NULL, keep_result, &result);
  wait_for(&result);
  return nm_remote_connection_delete_finish(profile, result, &cause) || fail(error, profile, "delete", cause);
}

NMDevice *neo_client_device(NMClient *client, NMRemoteConnection *profile)
{
  const GPtrArray *active = nm_client_get_active_connections(client);

  for (guint i = 0; i < active->len; i++) {
    const GPtrArray *devices = nm_active_connection_get_devices(active->pdata[i]);
    if (nm_active_connection_get_connection(active->pdata[i]) == profile && devices->len)
      return devices->pdata[0];
  }
  return NULL;
}
