/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/**
 * Runs the verb that the command line names, or prints the help if it names none. argv[0] is the program.
 * NEO_ERROR_USAGE if there is no such verb or its arguments are wrong; other errors are the verb's.
 */
gboolean neo_verbs_run(int argc, char **argv, GError **error);

/* The verbs. Each gets its own arguments, with argv[0] as a person wrote it ("neo paths add"), and prints its result. */

/** Makes NetworkManager profiles of paths, all or none of them. */
gboolean neo_paths_add(int argc, char **argv, GError **error);

/** Prints one line for each path profile, or JSON. */
gboolean neo_paths_list(int argc, char **argv, GError **error);

/** Deletes path profiles, and refuses others. */
gboolean neo_paths_remove(int argc, char **argv, GError **error);
