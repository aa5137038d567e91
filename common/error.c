/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/error.h"

#include <stdarg.h>
#include <sysexits.h>

G_DEFINE_QUARK(neo-error-quark, neo_error)

gboolean neo_error_set_errno(GError **error, int errnum, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *message = g_strdup_vprintf(format, args);
  va_end(args);

  g_set_error(error, NEO_ERROR, NEO_ERROR_SYSTEM, "%s: %s", message, g_strerror(errnum));
  return FALSE;
}

int neo_error_exit_code(const GError *error)
{
  static const int codes[] = {
    [NEO_ERROR_CONFIG] = EX_CONFIG,
    [NEO_ERROR_USAGE] = EX_USAGE,
    [NEO_ERROR_SYSTEM] = EX_OSERR,
    [NEO_ERROR_UNSUPPORTED] = EX_UNAVAILABLE,
  };

  if (error->domain == G_OPTION_ERROR)
    return EX_USAGE;
  return error->domain == NEO_ERROR ? codes[error->code] : 1;
}
