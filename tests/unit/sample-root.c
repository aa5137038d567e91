/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/sample-root.h"

#include <glib/gstdio.h>

#include "common/forwarding.h"

char *sample_root_make(void)
{
  char *root = g_dir_make_tmp("neo-unit-XXXXXX", NULL);

  g_assert_nonnull(root);
  return root;
}

void sample_root_write(const char *root, const char *name, const char *text)
{
  g_autofree char *path = g_build_filename(root, name, NULL), *parent = g_path_get_dirname(path);

  g_assert_cmpint(g_mkdir_with_parents(parent, 0755), ==, 0);
  g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

void sample_root_remove(const char *root)
{
  g_autoptr(GDir) entries = g_file_test(root, G_FILE_TEST_IS_SYMLINK) ? NULL : g_dir_open(root, 0, NULL);
  const char *entry;

  while (entries && (entry = g_dir_read_name(entries))) {
    g_autofree char *below = g_build_filename(root, entry, NULL);
    sample_root_remove(below);
  }
  g_remove(root);
}

char *sample_root_sysctls(const GArray *sysctls)
{
  GString *text = g_string_new(NULL);

  for (guint i = 0; i < sysctls->len; i++) {
    const NeoForwardingSysctl *one = &g_array_index(sysctls, NeoForwardingSysctl, i);
    g_string_append_printf(text, "%s=%s ", one->key, one->value);
  }
  return g_string_free(text, FALSE);
}
