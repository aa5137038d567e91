/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/process.h"

#include <gio/gio.h>

#include "common/error.h"

gboolean neo_process_run(const char *const *argv, const char *input, char **ret_output, GError **error)
{
  GSubprocessFlags flags = G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE;
  g_autofree char *output = NULL, *errors = NULL;

  if (input)
    flags |= G_SUBPROCESS_FLAGS_STDIN_PIPE;
  g_autoptr(GSubprocess) child = g_subprocess_newv(argv, flags, error);
  if (!child || !g_subprocess_communicate_utf8(child, input, NULL, &output, &errors, error))
    return FALSE;
  if (!g_subprocess_get_successful(child)) {
    g_strchomp(errors);
    g_set_error(error, NEO_ERROR, NEO_ERROR_SYSTEM, "%s: %s", argv[0], *errors ? errors : "failed and said nothing");
    return FALSE;
  }
  if (ret_output)
    *ret_output = g_steal_pointer(&output);
  return TRUE;
}
