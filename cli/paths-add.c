/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>

#include "cli/arguments.h"
#include "cli/client.h"
#include "cli/profile.h"
#include "cli/verbs.h"
#include "common/error.h"
#include "paths/observe.h"

typedef struct {
  NeoPathRequest request;
  gboolean dry_run;
  NeoTables tables;
  guint32 endpoints_max; /* MPTCP endpoints that the kernel holds */
  NMClient *client;
  GPtrArray *added;      /* NMRemoteConnection */
  gboolean interrupted;
} Add;

static void add_clear(Add *add)
{
  neo_path_request_clear(&add->request);
  g_clear_pointer(&add->added, g_ptr_array_unref);
  g_clear_object(&add->client);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Add, add_clear)

static gboolean parse(const NeoVerb *verb, int argc, char **argv, Add *add, GError **error)
{
  NeoPathRequest *request = &add->request;
  const GOptionEntry entries[] = {
    { "parent", 0, 0, G_OPTION_ARG_STRING, &request->parent, "The interface whose network the paths are on", "INTERFACE" },
    { "count", 0, 0, G_OPTION_ARG_INT, &request->count, "How many paths, each with an address of that network", "N" },
    { "ipv6", 0, 0, G_OPTION_ARG_NONE, &request->ipv6, "IPv6 as well", NULL },
    { "tables", 0, 0, G_OPTION_ARG_INT, &request->first_table, "The first path's table; the others follow", "NUMBER" },
    { "prefix", 0, 0, G_OPTION_ARG_STRING, &request->prefix, "Names are TEXT1, TEXT2 and so on (default: neo)", "TEXT" },
    { "force", 0, 0, G_OPTION_ARG_NONE, &request->force, "More than 64 paths", NULL },
    { "dry-run", 0, 0, G_OPTION_ARG_NONE, &add->dry_run, "Check all, and print the nmcli commands that do the same", NULL },
    { NULL },
  };

  if (!neo_arguments_parse(verb, entries, argc, argv, error))
    return FALSE;
  if (!request->prefix)
    request->prefix = g_strdup("neo");
  return TRUE;
}

static gboolean check_parent(const Add *add, GError **error)
{
  const GPtrArray *devices = nm_client_get_devices(add->client);
  g_autoptr(GString) known = g_string_new(NULL);

  for (guint i = 0; i < devices->len; i++) {
    const char *name = nm_device_get_iface(devices->pdata[i]);
    if (g_strcmp0(name, add->request.parent) == 0)
      return TRUE;
    if (name && !NM_IS_DEVICE_MACVLAN(devices->pdata[i]) && !g_str_equal(name, "lo"))
      g_string_append_printf(known, "%s%s", known->len ? ", " : "", name);
  }
  return neo_arguments_refuse(error, "--parent: no such interface \"%s\"; expected one of: %s", add->request.parent, known->str);
}

/* Those of others. */
static void take_profiles(const Add *add, NeoTaken *taken)
{
  const GPtrArray *profiles = nm_client_get_connections(add->client);

  for (guint i = 0; i < profiles->len; i++) {
    NMConnection *profile = profiles->pdata[i];
    if (g_ptr_array_find(add->added, profile, NULL))
      continue;
    g_autofree char *owner = g_strdup_printf("profile \"%s\"", nm_connection_get_id(profile));
    neo_taken_add_name(taken, nm_connection_get_id(profile), owner);
    neo_taken_add_name(taken, nm_connection_get_interface_name(profile), owner);
    neo_taken_add_table(taken, neo_profile_table4(profile), owner);
    neo_taken_add_table(taken, neo_profile_table6(profile), owner);
  }
}

static void take_observed(const NeoObserved *seen, NeoTaken *taken)
{
  for (guint i = 0; i < seen->links->len; i++) {
    const NeoLink *link = &g_array_index(seen->links, NeoLink, i);
    neo_taken_add_name(taken, link->name, "an interface");
  }
  for (guint i = 0; i < seen->routes->len; i++) {
    const NeoRoute *route = &g_array_index(seen->routes, NeoRoute, i);
    const NeoLink *link = neo_observed_link(seen, route->link);
    g_autofree char *owner = link ? g_strdup_printf("a route by interface %s", link->name) : g_strdup("a route");
    neo_taken_add_table(taken, route->table, owner);
  }
}

static gboolean check(Add *add, GError **error)
{
  g_autoptr(NeoTaken) taken = neo_taken_new();
  g_autoptr(NeoKernel) kernel = neo_kernel_open(error);
  g_autoptr(NeoObserved) seen = kernel ? neo_observe(kernel, &add->tables, error) : NULL;

  if (!seen)
    return FALSE;
  add->endpoints_max = seen->mptcp ? kernel->limit_max : 0;
  take_profiles(add, taken);
  take_observed(seen, taken);
  return check_parent(add, error) && neo_path_request_check_free(&add->request, taken, error);
}

static gboolean interrupt(gpointer data)
{
  ((Add *)data)->interrupted = TRUE;
  return G_SOURCE_CONTINUE;
}

/* Whether nothing came between: NetworkManager itself takes two profiles of one name. */
static gboolean go_on(const Add *add, GError **error)
{
  g_autoptr(NeoTaken) taken = neo_taken_new();

  if (add->interrupted) {
    g_set_error_literal(error, NEO_ERROR, NEO_ERROR_SYSTEM, "interrupted");
    return FALSE;
  }
  take_profiles(add, taken);
  return neo_path_request_check_free(&add->request, taken, error);
}

static gboolean add_profiles(Add *add, GError **error)
{
  for (int number = 1; number <= add->request.count; number++) {
    g_autoptr(NMConnection) profile = neo_profile_new(&add->request, number);
    NMRemoteConnection *added = go_on(add, error) ? neo_client_add(add->client, profile, error) : NULL;
    if (!added)
      return FALSE;
    g_ptr_array_add(add->added, added);
  }
  return TRUE;
}

static gboolean activate_profiles(Add *add, GError **error)
{
  for (guint i = 0; i < add->added->len; i++)
    if (!go_on(add, error) || !neo_client_activate(add->client, add->added->pdata[i], error))
      return FALSE;
  return TRUE;
}

/* The error says what became of it, too. */
static void undo(const Add *add, GError **error)
{
  g_autoptr(GString) message = g_string_new((*error)->message);
  int code = (*error)->code;
  gboolean left = FALSE;

  for (guint i = 0; i < add->added->len; i++) {
    g_autoptr(GError) failure = NULL;
    if (!neo_client_delete(add->added->pdata[i], &failure)) {
      g_string_append_printf(message, "\n%s", failure->message);
      left = TRUE;
    }
  }
  if (!left)
    g_string_append(message, "; nothing was added");
  g_clear_error(error);
  g_set_error_literal(error, NEO_ERROR, code, message->str);
}

static gboolean apply(Add *add, GError **error)
{
  guint sigint = g_unix_signal_add(SIGINT, interrupt, add), sigterm = g_unix_signal_add(SIGTERM, interrupt, add);
  gboolean done = add_profiles(add, error) && activate_profiles(add, error);

  if (!done)
    undo(add, error);
  g_source_remove(sigint);
  g_source_remove(sigterm);
  return done;
}

static void tell_result(const Add *add)
{
  const NeoPathRequest *request = &add->request;
  g_autofree char *first = neo_path_request_name(request, 1), *last = neo_path_request_name(request, request->count);

  if (request->count == 1)
    printf("%s is a path on %s, with table %u and an address of that network's pool.\n", first, request->parent, neo_path_request_table(request, 1));
  else
    printf("%s to %s are paths on %s, with tables %u to %u and %d addresses of that network's pool.\n", first, last, request->parent,
           neo_path_request_table(request, 1), neo_path_request_table(request, request->count), request->count);
  puts("\"neo paths list\" shows them, \"neo paths remove\" takes them away.");
}

/* NetworkManager gives the addresses of the connection with the default route MPTCP endpoints, unless it is told not to. */
static void tell_parent(const Add *add)
{
  NMDevice *device = nm_client_get_device_by_iface(add->client, add->request.parent);
  NMActiveConnection *active = device ? nm_device_get_active_connection(device) : NULL;
  NMRemoteConnection *profile = active ? nm_active_connection_get_connection(active) : NULL;
  NMSettingConnection *setting = profile ? nm_connection_get_setting_connection(NM_CONNECTION(profile)) : NULL;

  if (!setting || !add->endpoints_max || nm_setting_connection_get_mptcp_flags(setting) & NM_MPTCP_FLAGS_DISABLED)
    return;
  g_autofree char *name = neo_shell_word(nm_connection_get_id(NM_CONNECTION(profile)));
  printf("NetworkManager makes MPTCP endpoints for addresses of %s, too; they serve no path, and the kernel has places for %u. To free theirs:\n"
         "    nmcli connection modify %s connection.mptcp-flags disabled && nmcli connection up %s\n",
         add->request.parent, add->endpoints_max, name, name);
}

static void print_commands(const NeoPathRequest *request)
{
  for (int number = 1; number <= request->count; number++) {
    g_autofree char *command = neo_path_request_nmcli(request, number);
    puts(command);
  }
}

gboolean neo_paths_add(const NeoVerb *verb, int argc, char **argv, GError **error)
{
  g_auto(Add) add = { .added = g_ptr_array_new_with_free_func(g_object_unref) };
  NeoPathsConf conf;

  if (!neo_paths_conf_load(NEO_CONFDIR "/paths.conf", &conf, error))
    return FALSE;
  add.tables = conf.tables;
  add.request.first_table = conf.tables.first + 1;
  if (!parse(verb, argc, argv, &add, error) || !neo_path_request_check(&add.request, &add.tables, error))
    return FALSE;
  add.client = neo_client_open(error);
  if (!add.client || !check(&add, error))
    return FALSE;
  if (add.dry_run) {
    print_commands(&add.request);
    return TRUE;
  }
  if (!apply(&add, error))
    return FALSE;
  tell_result(&add);
  tell_parent(&add);
  return TRUE;
}
