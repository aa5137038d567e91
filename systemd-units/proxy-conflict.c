/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "systemd-units/proxy-conflict.h"

#include <string.h>

const char *const neo_proxy_unit_dirs[] = { "/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system",
                                            "/usr/lib/systemd/system", "/lib/systemd/system", NULL };

/* A setting as it stands: the last line of the last file counts, and lists grow until an empty value clears them. */
typedef struct {
  char *value, *path;
  gboolean late; /* it comes after the generator's drop-in, and counts more */
} Setting;

/* PrivateNetwork= is none of them: NetworkNamespacePath=, which the generator gives, goes before it (systemd.exec(5)). */
typedef enum { NAMESPACE_PATH, ADDRESS_FAMILIES, N_SETTINGS } Key;

static const char *const keys[N_SETTINGS] = { "NetworkNamespacePath", "RestrictAddressFamilies" };

static void take(Setting *setting, const char *value, gboolean is_list, const char *path, gboolean late)
{
  g_autofree char *before = g_steal_pointer(&setting->value);

  setting->value = is_list && before && *value ? g_strconcat(before, " ", value, NULL) : g_strdup(value);
  g_free(setting->path);
  setting->path = g_strdup(path);
  setting->late = late;
}

static void read_file(const char *path, gboolean late, Setting settings[static N_SETTINGS])
{
  g_autofree char *text = NULL;

  if (!g_file_get_contents(path, &text, NULL, NULL))
    return;
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
  for (char **line = lines; *line; line++) {
    char *equals = strchr(*line, '=');
    if (!equals || strchr("#;", **line))
      continue;
    *equals = '\0';
    for (Key key = 0; key < N_SETTINGS; key++)
      if (g_str_equal(g_strstrip(*line), keys[key]))
        take(&settings[key], g_strstrip(equals + 1), key == ADDRESS_FAMILIES, path, late);
  }
}

/* "server@main.service" comes from "server@.service" where it has no file of its own. The caller owns it; NULL if it is no instance. */
static char *template_of(const char *service)
{
  const char *at = strchr(service, '@'), *dot = strrchr(service, '.');

  return at && dot > at + 1 ? g_strdup_printf("%.*s%s", (int)(at + 1 - service), service, dot) : NULL;
}

static gboolean read_unit(const char *const *unit_dirs, const char *name, Setting settings[static N_SETTINGS])
{
  for (guint i = 0; name && unit_dirs[i]; i++) {
    g_autofree char *path = g_build_filename(unit_dirs[i], name, NULL);
    if (!g_file_test(path, G_FILE_TEST_EXISTS))
      continue;
    read_file(path, FALSE, settings);
    return TRUE;
  }
  return FALSE;
}

static int compare_names(gconstpointer a, gconstpointer b)
{
  return g_strcmp0(*(const char *const *)a, *(const char *const *)b);
}

/* Drop-ins go by their names, whatever directory they are in; of two with one name that of the first directory counts. */
static void read_dropins(const char *const *unit_dirs, const char *name, Setting settings[static N_SETTINGS])
{
  g_autoptr(GHashTable) files = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);

  for (guint i = 0; name && unit_dirs[i]; i++) {
    g_autofree char *dir = g_strdup_printf("%s/%s.d", unit_dirs[i], name);
    g_autoptr(GDir) entries = g_dir_open(dir, 0, NULL);
    const char *entry;
    while (entries && (entry = g_dir_read_name(entries)))
      if (g_str_has_suffix(entry, ".conf") && !g_hash_table_contains(files, entry))
        g_hash_table_insert(files, g_strdup(entry), g_build_filename(dir, entry, NULL));
  }
  g_autoptr(GPtrArray) names = g_ptr_array_new();
  GHashTableIter iter;
  gpointer key;
  g_hash_table_iter_init(&iter, files);
  while (g_hash_table_iter_next(&iter, &key, NULL))
    g_ptr_array_add(names, key);
  g_ptr_array_sort(names, compare_names);
  for (guint i = 0; i < names->len; i++)
    read_file(g_hash_table_lookup(files, names->pdata[i]), strcmp(names->pdata[i], NEO_PROXY_DROPIN) > 0, settings);
}

/* A list that begins with "~" names what is refused, any other what is allowed (systemd.exec(5)). */
static gboolean refuses_internet(const char *families)
{
  gboolean listed = strstr(families, "AF_INET") != NULL;

  return *families && (*families == '~' ? listed : !listed);
}

static gboolean conflicts(Key key, const Setting *setting)
{
  if (!setting->value)
    return FALSE;
  return key == NAMESPACE_PATH ? setting->late : refuses_internet(setting->value);
}

char *neo_proxy_conflicts(const char *const *unit_dirs, const char *service)
{
  static const char *const reasons[N_SETTINGS] = {
    "another namespace than the proxy's",
    "neither IPv4 nor IPv6 is allowed",
  };
  g_autofree char *template = template_of(service);
  g_autoptr(GString) text = g_string_new(NULL);
  Setting settings[N_SETTINGS] = { 0 };

  if (!read_unit(unit_dirs, service, settings))
    read_unit(unit_dirs, template, settings);
  read_dropins(unit_dirs, template, settings);
  read_dropins(unit_dirs, service, settings);
  for (Key key = 0; key < N_SETTINGS; key++) {
    if (conflicts(key, &settings[key]))
      g_string_append_printf(text, "%s%s: %s=%s: %s", text->len ? "\n" : "", settings[key].path, keys[key],
                             settings[key].value, reasons[key]);
    g_free(settings[key].value);
    g_free(settings[key].path);
  }
  return text->len ? g_strdup(text->str) : NULL;
}
