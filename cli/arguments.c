/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/arguments.h"

#include <stdarg.h>

#include "common/error.h"

gboolean neo_arguments_parse(const NeoVerb *verb, const GOptionEntry *entries, int argc, char **argv, GError **error)
{
  g_autoptr(GOptionContext) context = g_option_context_new(NULL);
  g_autofree char *summary = g_strdup_printf("%s. See neo(8).", verb->summary);

  g_option_context_set_summary(context, summary);
  g_option_context_add_main_entries(context, entries, NULL);
  if (!g_option_context_parse(context, &argc, &argv, error))
    return FALSE;
  if (argc > 1)
    return neo_arguments_refuse(error, "unexpected argument \"%s\"; expected options only, see --help", argv[1]);
  return TRUE;
}

gboolean neo_arguments_refuse(GError **error, const char *format, ...)
{
  va_list args;

  va_start(args, format);
  g_autofree char *message = g_strdup_vprintf(format, args);
  va_end(args);
  g_set_error_literal(error, NEO_ERROR, NEO_ERROR_USAGE, message);
  return FALSE;
}
