/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "cli/verbs.h"

/** Reads a verb's options as @entries say; arguments that no entry takes are NEO_ERROR_USAGE. Ends the program after --help. */
gboolean neo_arguments_parse(const NeoVerb *verb, const GOptionEntry *entries, int argc, char **argv, GError **error);

/** Sets *@error to NEO_ERROR_USAGE and returns FALSE always, to be returned by the caller. */
gboolean neo_arguments_refuse(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);
