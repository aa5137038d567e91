/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/arguments.h"

#include <stdarg.h>

#include "common/error.h"
#include "common/options.h"

gboolean neo_arguments_parse(const NeoVerb *verb, const GOptionEntry *entries, int argc, char **argv, GError **error)
{
  g_autofree char *summary = g_strdup_printf("%s. See neo(8).", verb->summary);
  return neo_options_parse(argc, argv, entries, summary, error);
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
