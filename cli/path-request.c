/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/path-request.h"

#include <net/if.h>
#include <string.h>

#include "cli/arguments.h"

/* More than a person takes by mistake; with --force as many as a connection can have subflows of (neo-paths.conf(5)). */
#define MAX_COUNT 64
#define MAX_FORCED_COUNT 250

void neo_path_request_clear(NeoPathRequest *request)
{
  g_clear_pointer(&request->parent, g_free);
  g_clear_pointer(&request->prefix, g_free);
}

NeoTaken *neo_taken_new(void)
{
  NeoTaken *taken = g_new(NeoTaken, 1);

  taken->names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  taken->tables = g_hash_table_new_full(NULL, NULL, NULL, g_free);
  return taken;
}

void neo_taken_free(NeoTaken *taken)
{
  if (!taken)
    return;
  g_hash_table_unref(taken->names);
  g_hash_table_unref(taken->tables);
  g_free(taken);
}

void neo_taken_add_name(NeoTaken *taken, const char *name, const char *owner)
{
  if (name && !g_hash_table_contains(taken->names, name))
    g_hash_table_insert(taken->names, g_strdup(name), g_strdup(owner));
}

void neo_taken_add_table(NeoTaken *taken, guint32 table, const char *owner)
{
  if (table && !g_hash_table_contains(taken->tables, GUINT_TO_POINTER(table)))
    g_hash_table_insert(taken->tables, GUINT_TO_POINTER(table), g_strdup(owner));
}

char *neo_path_request_name(const NeoPathRequest *request, guint number)
{
  return g_strdup_printf("%s%u", request->prefix, number);
}

guint32 neo_path_request_table(const NeoPathRequest *request, guint number)
{
  return request->first_table + number - 1;
}

static gboolean check_count(const NeoPathRequest *request, GError **error)
{
  if (request->count < 1 || request->count > MAX_FORCED_COUNT)
    return neo_arguments_refuse(error, "--count: not in range \"%d\"; expected 1 to %d, or with --force up to %d",
                                request->count, MAX_COUNT, MAX_FORCED_COUNT);
  if (request->count > MAX_COUNT && !request->force)
    return neo_arguments_refuse(error,
                                "--count: %d paths take %d addresses of the network's pool, and others may find it empty; "
                                "expected at most %d, or --force if you are entitled to that many",
                                request->count, request->count, MAX_COUNT);
  return TRUE;
}

static gboolean check_prefix(const NeoPathRequest *request, GError **error)
{
  static const char letters[] = G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_-";
  g_autofree char *longest = neo_path_request_name(request, request->count);

  if (!*request->prefix || *request->prefix == '-' || request->prefix[strspn(request->prefix, letters)])
    return neo_arguments_refuse(error, "--prefix: not the start of an interface's name \"%s\"; expected letters, digits, _ and -", request->prefix);
  if (strlen(longest) >= IFNAMSIZ)
    return neo_arguments_refuse(error, "--prefix: too long \"%s\"; expected a name like \"%s\" to have at most %d characters",
                                request->prefix, longest, IFNAMSIZ - 1);
  return TRUE;
}

static gboolean check_tables(const NeoPathRequest *request, const NeoTables *tables, GError **error)
{
  gint64 first = request->first_table, last = first + request->count - 1;

  if (first < tables->first || last > tables->last)
    return neo_arguments_refuse(error,
                                "--tables: %" G_GINT64_FORMAT "-%" G_GINT64_FORMAT " for %d paths; expected tables inside %u-%u, "
                                "see neo-paths.conf(5)",
                                first, last, request->count, tables->first, tables->last);
  return TRUE;
}

gboolean neo_path_request_check(const NeoPathRequest *request, const NeoTables *tables, GError **error)
{
  if (!request->parent || !*request->parent)
    return neo_arguments_refuse(error, "--parent: missing; expected the interface whose network the paths are on, such as ens3");
  return check_count(request, error) && check_prefix(request, error) && check_tables(request, tables, error);
}

gboolean neo_path_request_check_free(const NeoPathRequest *request, const NeoTaken *taken, GError **error)
{
  for (int number = 1; number <= request->count; number++) {
    g_autofree char *name = neo_path_request_name(request, number);
    guint32 table = neo_path_request_table(request, number);
    const char *name_owner = g_hash_table_lookup(taken->names, name);
    const char *table_owner = g_hash_table_lookup(taken->tables, GUINT_TO_POINTER(table));
    if (name_owner)
      return neo_arguments_refuse(error, "--prefix: name \"%s\" is taken by %s; expected one whose names are free", name, name_owner);
    if (table_owner)
      return neo_arguments_refuse(error, "--tables: table %u is taken by %s; expected %d free tables", table, table_owner, request->count);
  }
  return TRUE;
}

char *neo_shell_word(const char *text)
{
  static const char plain[] = G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_-./:@";

  return *text && !text[strspn(text, plain)] ? g_strdup(text) : g_shell_quote(text);
}

char *neo_path_request_nmcli(const NeoPathRequest *request, guint number)
{
  g_autofree char *name = neo_path_request_name(request, number);
  g_autofree char *parent = neo_shell_word(request->parent);
  guint32 table = neo_path_request_table(request, number);
  g_autofree char *ipv6 = request->ipv6 ? g_strdup_printf("ipv6.method auto ipv6.route-table %u", table) : g_strdup("ipv6.method disabled");

  return g_strdup_printf("nmcli connection add type macvlan con-name %s ifname %s dev %s mode bridge "
                         "ethernet.cloned-mac-address stable ipv4.method auto ipv4.route-table %u %s",
                         name, name, parent, table, ipv6);
}
