/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/options.h"

#include "common/error.h"

gboolean neo_options_parse(int argc, char **argv, const GOptionEntry *entries, const char *summary, GError **error)
{
  g_autoptr(GOptionContext) context = g_option_context_new(NULL);

  g_option_context_set_summary(context, summary);
  g_option_context_add_main_entries(context, entries, NULL);
  if (!g_option_context_parse(context, &argc, &argv, error))
    return FALSE;
  if (argc <= 1)
    return TRUE;
  g_set_error(error, NEO_ERROR, NEO_ERROR_USAGE, "unexpected argument \"%s\"; expected options only, see --help", argv[1]);
  return FALSE;
}
