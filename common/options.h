/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/**
 * Reads the options of a program that takes nothing else, as @entries say; @summary is for --help, after which the program ends.
 * An argument that no entry takes is NEO_ERROR_USAGE, a wrong option G_OPTION_ERROR.
 */
gboolean neo_options_parse(int argc, char **argv, const GOptionEntry *entries, const char *summary, GError **error);
