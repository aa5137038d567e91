/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "xtables-ext/relay-list.h"

#include <string.h>

#include "common/error.h"
#include "xtables-ext/relay-state.h"
#include "xtables-ext/relay-config.h"

static int compare_names(gconstpointer a, gconstpointer b)
{
  return g_strcmp0(*(char *const *)a, *(char *const *)b);
}

/* What @entries holds that ends in @suffix, without it. */
static GStrv take_names(GDir *entries, const char *suffix)
{
  GPtrArray *names = g_ptr_array_new();
  const char *name;

  while (entries && (name = g_dir_read_name(entries)))
    if (g_str_has_suffix(name, suffix) && name[0] != '.')
      g_ptr_array_add(names, g_strndup(name, strlen(name) - strlen(suffix)));
  g_ptr_array_sort(names, compare_names);
  g_ptr_array_add(names, NULL);
  return (GStrv)g_ptr_array_free(names, FALSE);
}

GStrv neo_relay_list_files(const char *directory, GError **error)
{
  g_autoptr(GError) why = NULL;
  g_autoptr(GDir) entries = g_dir_open(directory, 0, &why);
  g_auto(GStrv) names = take_names(entries, ".conf");

  if (!entries) {
    g_set_error_literal(error, NEO_ERROR, NEO_ERROR_SYSTEM, why->message);
    return NULL;
  }
  for (char **name = names; *name; name++)
    if (!neo_relay_name_is_valid(*name)) {
      g_set_error(error, NEO_ERROR, NEO_ERROR_CONFIG, "%s/%s.conf: wrong relay name \"%s\"; expected " NEO_RELAY_NAME_EXPECTED, directory, *name, *name);
      return NULL;
    }
  return g_steal_pointer(&names);
}

GStrv neo_relay_list_loaded(void)
{
  g_autoptr(GDir) entries = g_dir_open(NEO_RELAY_STATE_DIR, 0, NULL);

  return take_names(entries, "");
}
