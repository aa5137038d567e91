/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "networkd/files.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "common/error.h"
#include "networkd/generate.h"

#define OWN_PREFIX "10-neo-"
#define OUTPUT_DIR "run/systemd/network"
#define DROPIN_NAME "50-neo.conf"
#define TEMPORARY_SUFFIX ".neo-new"

/* --- What is there --- */

static gint compare_names(gconstpointer a, gconstpointer b)
{
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static GPtrArray *list_dir(const char *path)
{
  g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
  GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
  const char *name;

  while (dir && (name = g_dir_read_name(dir)))
    g_ptr_array_add(names, g_strdup(name));
  g_ptr_array_sort(names, compare_names);
  return names;
}

/* A masked name (an empty file or a link to /dev/null) is taken like others: there is nothing in it. */
static void take_names(const char *dir, GHashTable *known, GPtrArray *found)
{
  g_autoptr(GPtrArray) names = list_dir(dir);

  for (guint i = 0; i < names->len; i++) {
    const char *name = names->pdata[i];
    g_autofree char *path = g_build_filename(dir, name, NULL);
    if (!g_str_has_suffix(name, ".network") || g_str_has_prefix(name, OWN_PREFIX) || !g_hash_table_add(known, g_strdup(name)))
      continue;
    g_ptr_array_add(found, g_steal_pointer(&path));
  }
}

static gint compare_base_names(gconstpointer a, gconstpointer b)
{
  return strcmp(strrchr(*(char *const *)a, '/'), strrchr(*(char *const *)b, '/'));
}

GPtrArray *neo_files_find(const char *root)
{
  static const char *const dirs[] = { "etc", "run", "usr/local/lib", "usr/lib" };
  g_autoptr(GHashTable) known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  GPtrArray *found = g_ptr_array_new_with_free_func(g_free);

  for (guint i = 0; i < G_N_ELEMENTS(dirs); i++) {
    g_autofree char *dir = g_build_filename(root, dirs[i], "systemd/network", NULL);
    take_names(dir, known, found);
  }
  g_ptr_array_sort(found, compare_base_names);
  return found;
}

char *neo_files_output_dir(const char *root)
{
  return g_build_filename(root, OUTPUT_DIR, NULL);
}

/* --- Writing --- */

static gboolean is_same(const char *path, const char *text)
{
  g_autofree char *now = NULL;
  return g_file_get_contents(path, &now, NULL, NULL) && g_str_equal(now, text);
}

/* Also what a run that was cut off left. */
static void discard(const char *dir, const NeoGenerated *file)
{
  g_autofree char *path = g_build_filename(dir, file->name, NULL);
  g_autofree char *temporary = g_strconcat(path, TEMPORARY_SUFFIX, NULL);

  g_unlink(temporary);
}

static gboolean write_temporary(const char *dir, const NeoGenerated *file, GError **error)
{
  g_autofree char *path = g_build_filename(dir, file->name, NULL);
  g_autofree char *temporary = g_strconcat(path, TEMPORARY_SUFFIX, NULL), *parent = g_path_get_dirname(path);

  discard(dir, file);
  if (is_same(path, file->text))
    return TRUE;
  if (g_mkdir_with_parents(parent, 0755) < 0)
    return neo_error_set_errno(error, errno, "%s", parent);
  return g_file_set_contents_full(temporary, file->text, -1, G_FILE_SET_CONTENTS_NONE, 0644, error);
}

static gboolean commit(const char *dir, const NeoGenerated *file, GError **error)
{
  g_autofree char *path = g_build_filename(dir, file->name, NULL);
  g_autofree char *temporary = g_strconcat(path, TEMPORARY_SUFFIX, NULL);

  return g_rename(temporary, path) == 0 || errno == ENOENT || neo_error_set_errno(error, errno, "%s", path);
}

static gboolean write_all(const char *dir, const GPtrArray *files, GError **error)
{
  gboolean done = TRUE;

  for (guint i = 0; done && i < files->len; i++)
    done = write_temporary(dir, files->pdata[i], error);
  for (guint i = 0; !done && i < files->len; i++)
    discard(dir, files->pdata[i]);
  for (guint i = 0; done && i < files->len; i++)
    done = commit(dir, files->pdata[i], error);
  return done;
}

/* --- What an earlier run left --- */

static gboolean is_wanted(const GPtrArray *files, const char *name)
{
  for (guint i = 0; i < files->len; i++)
    if (g_str_equal(((const NeoGenerated *)files->pdata[i])->name, name))
      return TRUE;
  return FALSE;
}

/* Name and first line together: a person's file of that name is not touched, and neither is a copy under another name. */
static gboolean is_generated(const char *path)
{
  g_autofree char *text = NULL;
  return g_file_get_contents(path, &text, NULL, NULL) && g_str_has_prefix(text, NEO_GENERATED_MARK "\n");
}

static char *removed_interface(const char *name)
{
  if (!g_str_has_suffix(name, ".netdev"))
    return NULL;
  return g_strndup(name + strlen(OWN_PREFIX), strlen(name) - strlen(OWN_PREFIX) - strlen(".netdev"));
}

/* The name below the output directory of what may be Neo's, or NULL. */
static char *candidate(const char *name)
{
  if (g_str_has_prefix(name, OWN_PREFIX))
    return g_strdup(name);
  return g_str_has_suffix(name, ".network.d") ? g_build_filename(name, DROPIN_NAME, NULL) : NULL;
}

static gboolean remove_stale(const char *dir, const GPtrArray *files, GPtrArray *removed, GError **error)
{
  g_autoptr(GPtrArray) names = list_dir(dir);

  for (guint i = 0; i < names->len; i++) {
    g_autofree char *name = candidate(names->pdata[i]), *path = name ? g_build_filename(dir, name, NULL) : NULL;
    if (!name || is_wanted(files, name) || !is_generated(path))
      continue;
    if (g_unlink(path) < 0)
      return neo_error_set_errno(error, errno, "%s", path);
    char *interface = removed_interface(name);
    if (interface)
      g_ptr_array_add(removed, interface);
    g_autofree char *parent = g_path_get_dirname(path);
    if (!g_str_equal(parent, dir))
      g_rmdir(parent);
  }
  return TRUE;
}

gboolean neo_files_update(const char *dir, const GPtrArray *files, GPtrArray **ret_removed, GError **error)
{
  g_autoptr(GPtrArray) removed = g_ptr_array_new_with_free_func(g_free);

  if (!write_all(dir, files, error) || !remove_stale(dir, files, removed, error))
    return FALSE;
  *ret_removed = g_steal_pointer(&removed);
  return TRUE;
}
