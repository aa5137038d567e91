/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/**
 * Runs the program @argv (looked up in PATH, no shell) with @input as its standard input (NULL: none) and waits for it.
 * An exit code other than 0 is NEO_ERROR_SYSTEM with what it wrote to standard error. *@ret_output (may be NULL) is
 * its standard output, owned by the caller.
 */
gboolean neo_process_run(const char *const *argv, const char *input, char **ret_output, GError **error);
