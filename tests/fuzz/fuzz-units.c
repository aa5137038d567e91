/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "systemd-units/proxy-conflict.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/sample-root.h"

static char *dir;

static void remove_dir(void)
{
  sample_root_remove(dir);
  g_free(dir);
}

static void write_unit(const char *name, const char *text)
{
  sample_root_write(dir, name, text ? text : "");
}

/* An input is the files of a service that others have written, a byte of 1 between them: unit, a drop-in before Neo's, one after. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  g_autofree char *text = g_strndup((const char *)data, size);
  g_auto(GStrv) files = g_strsplit(text, "\x01", 3);
  guint n = g_strv_length(files);

  if (!dir) {
    dir = sample_root_make();
    atexit(remove_dir);
  }
  const char *const unit_dirs[] = { dir, NULL };
  write_unit("server@.service", n > 0 ? files[0] : NULL);
  write_unit("server@.service.d/10-early.conf", n > 1 ? files[1] : NULL);
  write_unit("server@one.service.d/90-late.conf", n > 2 ? files[2] : NULL);
  g_autofree char *conflicts = neo_proxy_conflicts(unit_dirs, "server@one.service");
  g_assert_true(!conflicts || g_str_has_prefix(conflicts, dir));
  /* Each is a line of a log, whatever the files hold. */
  g_auto(GStrv) lines = g_strsplit(conflicts ? conflicts : "", "\n", -1);
  g_assert_cmpuint(g_strv_length(lines), <=, 2);
  return 0;
}
