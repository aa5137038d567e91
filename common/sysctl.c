/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "common/error.h"
#include "common/lock.h"

/*
 * @state_dir has a directory for each key that is held, named by the key with "/" written as "+". In it "before" and
 * "held" are the values before and since, and each other file is a holder. A lock on @state_dir orders the programs.
 */

static char *read_below(const char *root, const char *key, GError **error)
{
  g_autofree char *path = g_build_filename(root, key, NULL);
  char *value = NULL;

  if (!g_file_get_contents(path, &value, NULL, error))
    return NULL;
  return g_strchomp(value);
}

char *neo_sysctl_read(const char *key, GError **error)
{
  return read_below("/proc/sys", key, error);
}

static gboolean write_file(const char *path, const char *text, GError **error)
{
  int fd = open(path, O_WRONLY | O_CLOEXEC);

  if (fd < 0)
    return neo_error_set_errno(error, errno, "%s", path);
  gssize written = write(fd, text, strlen(text));
  int errnum = errno;
  close(fd);
  return written >= 0 ? TRUE : neo_error_set_errno(error, errnum, "%s: writing \"%s\"", path, text);
}

gboolean neo_sysctl_write(const char *key, const char *value, GError **error)
{
  g_autofree char *path = g_build_filename("/proc/sys", key, NULL);
  g_autofree char *now = neo_sysctl_read(key, error);

  if (!now)
    return FALSE;
  return g_str_equal(now, value) || write_file(path, value, error);
}

static char *key_dir(const char *state_dir, const char *key)
{
  g_autofree char *name = g_strdelimit(g_strdup(key), "/", '+');
  return g_build_filename(state_dir, name, NULL);
}

static gboolean record_before(const char *dir, const char *key, const char *value, GError **error)
{
  g_autofree char *before_path = g_build_filename(dir, "before", NULL);
  g_autofree char *held_path = g_build_filename(dir, "held", NULL);

  if (g_file_test(before_path, G_FILE_TEST_EXISTS))
    return TRUE;
  g_autofree char *before = neo_sysctl_read(key, error);
  if (!before)
    return FALSE;
  if (g_mkdir_with_parents(dir, 0755) < 0)
    return neo_error_set_errno(error, errno, "%s", dir);
  return g_file_set_contents(held_path, value, -1, error) && g_file_set_contents(before_path, before, -1, error);
}

gboolean neo_sysctl_hold(const char *state_dir, const char *key, const char *value, const char *holder, GError **error)
{
  g_autofree char *dir = key_dir(state_dir, key);
  g_autofree char *holder_path = g_build_filename(dir, holder, NULL);
  int fd = neo_lock_directory(state_dir, error);

  if (fd < 0)
    return FALSE;
  gboolean held = record_before(dir, key, value, error) && g_file_set_contents(holder_path, "", 0, error) &&
                  neo_sysctl_write(key, value, error);
  close(fd);
  return held;
}

char *neo_sysctl_before(const char *root, const char *state_dir, const char *key, GError **error)
{
  g_autofree char *dir = key_dir(state_dir, key);
  g_autofree char *before_path = g_build_filename(dir, "before", NULL);
  char *before = NULL;

  return g_file_get_contents(before_path, &before, NULL, NULL) ? before : read_below(root, key, error);
}

static guint count_files(const char *dir)
{
  g_autoptr(GDir) entries = g_dir_open(dir, 0, NULL);
  guint n = 0;

  while (entries && g_dir_read_name(entries))
    n++;
  return n;
}

static gboolean restore(const char *dir, const char *key, GError **error)
{
  g_autofree char *before_path = g_build_filename(dir, "before", NULL), *held_path = g_build_filename(dir, "held", NULL);
  g_autofree char *before = NULL, *held = NULL, *now = neo_sysctl_read(key, NULL);
  gboolean ours = now && g_file_get_contents(before_path, &before, NULL, NULL) &&
                  g_file_get_contents(held_path, &held, NULL, NULL) && g_str_equal(now, held);

  if (ours && !neo_sysctl_write(key, before, error))
    return FALSE;
  g_unlink(before_path);
  g_unlink(held_path);
  return g_rmdir(dir) == 0 ? TRUE : neo_error_set_errno(error, errno, "%s", dir);
}

static gboolean release_key(const char *state_dir, const char *name, const char *holder, GError **error)
{
  g_autofree char *dir = g_build_filename(state_dir, name, NULL);
  g_autofree char *key = g_strdelimit(g_strdup(name), "+", '/');
  g_autofree char *holder_path = g_build_filename(dir, holder, NULL);

  if (g_unlink(holder_path) < 0)
    return errno == ENOENT ? TRUE : neo_error_set_errno(error, errno, "%s", holder_path);
  return count_files(dir) > 2 ? TRUE : restore(dir, key, error);
}

static GPtrArray *list_names(const char *dir)
{
  g_autoptr(GDir) entries = g_dir_open(dir, 0, NULL);
  GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
  const char *name;

  while (entries && (name = g_dir_read_name(entries)))
    g_ptr_array_add(names, g_strdup(name));
  return names;
}

gboolean neo_sysctl_release(const char *state_dir, const char *holder, GError **error)
{
  int fd = neo_lock_directory(state_dir, error);
  if (fd < 0)
    return FALSE;

  g_autoptr(GPtrArray) names = list_names(state_dir);
  gboolean all = TRUE;
  for (guint i = 0; i < names->len; i++)
    all &= release_key(state_dir, names->pdata[i], holder, all ? error : NULL);
  close(fd);
  return all;
}
