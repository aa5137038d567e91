/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/**
 * What went wrong, as far as a caller has to tell the cases apart.
 * The exit codes are those of sysexits.h.
 */
typedef enum {
  NEO_ERROR_CONFIG,      /**< a user's file is wrong; exit 78 (EX_CONFIG) */
  NEO_ERROR_USAGE,       /**< the command line is wrong; exit 64 (EX_USAGE) */
  NEO_ERROR_SYSTEM,      /**< the kernel or another program refused; exit 71 (EX_OSERR) */
  NEO_ERROR_UNSUPPORTED, /**< the running kernel lacks something; exit 69 (EX_UNAVAILABLE) */
} NeoErrorCode;

#define NEO_ERROR (neo_error_quark())
GQuark neo_error_quark(void);

/** Sets *@error to NEO_ERROR_SYSTEM: "MESSAGE: strerror(@errnum)". Returns FALSE always, to be returned by the caller. */
gboolean neo_error_set_errno(GError **error, int errnum, const char *format, ...) G_GNUC_PRINTF(3, 4);

/** The exit code of a program that ends with @error (see NeoErrorCode); 1 for the errors of other libraries. */
int neo_error_exit_code(const GError *error);
