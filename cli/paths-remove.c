/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "cli/arguments.h"
#include "cli/client.h"
#include "cli/profile.h"
#include "cli/verbs.h"
#include "common/error.h"

static gboolean parse(const NeoVerb *verb, int argc, char **argv, gboolean *all, GStrv *names, GError **error)
{
  const GOptionEntry entries[] = {
    { "all", 0, 0, G_OPTION_ARG_NONE, all, "Delete all path profiles", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, names, NULL, "[NAME...]" },
    { NULL },
  };

  if (!neo_arguments_parse(verb, entries, argc, argv, error))
    return FALSE;
  if (*all == (*names != NULL))
    return neo_arguments_refuse(error, "%s; expected either names of path profiles or --all", *all ? "both names and --all" : "no names");
  return TRUE;
}

static gboolean is_called(NMConnection *profile, const char *name)
{
  return g_strcmp0(nm_connection_get_id(profile), name) == 0 || g_strcmp0(nm_connection_get_uuid(profile), name) == 0;
}

/* The one path profile with this name. It stays the client's. */
static NMRemoteConnection *find(NMClient *client, const NeoTables *tables, const char *name, GError **error)
{
  const GPtrArray *profiles = nm_client_get_connections(client);
  NMRemoteConnection *found = NULL;

  for (guint i = 0; i < profiles->len; i++) {
    if (!is_called(profiles->pdata[i], name))
      continue;
    if (found) {
      neo_arguments_refuse(error, "several profiles are called \"%s\"; expected the UUID of one, see neo paths list --json", name);
      return NULL;
    }
    found = profiles->pdata[i];
  }
  if (!found)
    neo_arguments_refuse(error, "no profile is called \"%s\"; expected one of those in neo paths list", name);
  else if (!neo_profile_path_table(NM_CONNECTION(found), tables))
    neo_arguments_refuse(error, "profile \"%s\" is no path and stays; expected a macvlan with a route table inside %u-%u", name,
                         tables->first, tables->last);
  else
    return found;
  return NULL;
}

static GPtrArray *find_all(NMClient *client, const NeoTables *tables)
{
  const GPtrArray *profiles = nm_client_get_connections(client);
  GPtrArray *paths = g_ptr_array_new_with_free_func(g_object_unref);

  for (guint i = 0; i < profiles->len; i++)
    if (neo_profile_path_table(profiles->pdata[i], tables))
      g_ptr_array_add(paths, g_object_ref(profiles->pdata[i]));
  return paths;
}

static GPtrArray *find_named(NMClient *client, const NeoTables *tables, char *const *names, GError **error)
{
  g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_object_unref);

  for (; *names; names++) {
    NMRemoteConnection *profile = find(client, tables, *names, error);
    if (!profile)
      return NULL;
    if (!g_ptr_array_find(paths, profile, NULL))
      g_ptr_array_add(paths, g_object_ref(profile));
  }
  return g_steal_pointer(&paths);
}

/* Goes on after a failure: each profile less is what was asked for. */
static gboolean delete(const GPtrArray *paths, GError **error)
{
  g_autoptr(GString) failures = g_string_new(NULL);

  for (guint i = 0; i < paths->len; i++) {
    g_autoptr(GError) failure = NULL;
    g_autofree char *name = g_strdup(nm_connection_get_id(paths->pdata[i]));
    if (neo_client_delete(paths->pdata[i], &failure))
      printf("%s is removed.\n", name);
    else
      g_string_append_printf(failures, "%s\n", failure->message);
  }
  if (failures->len)
    g_set_error_literal(error, NEO_ERROR, NEO_ERROR_SYSTEM, failures->str);
  return failures->len == 0;
}

gboolean neo_paths_remove(const NeoVerb *verb, int argc, char **argv, GError **error)
{
  g_autoptr(NMClient) client = NULL;
  g_auto(GStrv) names = NULL;
  NeoPathsConf conf;
  gboolean all = FALSE;

  if (!parse(verb, argc, argv, &all, &names, error) || !neo_paths_conf_load(NEO_CONFDIR "/paths.conf", &conf, error))
    return FALSE;
  client = neo_client_open(error);
  if (!client)
    return FALSE;
  g_autoptr(GPtrArray) paths = all ? find_all(client, &conf.tables) : find_named(client, &conf.tables, names, error);
  return paths && delete(paths, error);
}
