/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

typedef struct NeoVerb NeoVerb;

/** A command of neo: one row drives dispatch and help. */
struct NeoVerb {
  const char *name;      /**< its words, separated by blanks */
  const char *arguments; /**< for the list of commands */
  /** Does it and prints the result. argv[0] is the name with the program's before it. */
  gboolean (*run)(const NeoVerb *verb, int argc, char **argv, GError **error);
  const char *summary;
};

/**
 * Runs the verb that the command line names, or prints the help if it names none. argv[0] is the program.
 * NEO_ERROR_USAGE if there is no such verb or its arguments are wrong; other errors are the verb's.
 */
gboolean neo_verbs_run(int argc, char **argv, GError **error);

/**
 * What may come behind the @n words of a command line: the next words of commands, "WORD<tab>SUMMARY" where one ends a command, or the
 * options of one. char *, owned by the caller.
 */
GPtrArray *neo_verbs_complete(int n, char **words);

/** The exit code of the program after a verb that succeeded: 0, unless that verb has set another. */
int neo_verbs_exit_code(void);
void neo_verbs_set_exit_code(int code);

/** Prints what this host is and does, for a person or as JSON. */
gboolean neo_status_main(const NeoVerb *verb, int argc, char **argv, GError **error);

/** Shows on the terminal, again and again, what goes through each path and relay. */
gboolean neo_top_main(const NeoVerb *verb, int argc, char **argv, GError **error);

/** Looks at the paths for some time and prints a picture of what went through each, as an SVG. */
gboolean neo_plot_main(const NeoVerb *verb, int argc, char **argv, GError **error);

/** Looks for what is wrong; the exit code is 0 if nothing is, 1 after a warning, 2 after a failure. */
gboolean neo_check_main(const NeoVerb *verb, int argc, char **argv, GError **error);

/** Makes NetworkManager profiles of paths, all or none of them. */
gboolean neo_paths_add(const NeoVerb *verb, int argc, char **argv, GError **error);

/** Prints one line for each path profile, or JSON. */
gboolean neo_paths_list(const NeoVerb *verb, int argc, char **argv, GError **error);

/** Deletes path profiles, and refuses others. */
gboolean neo_paths_remove(const NeoVerb *verb, int argc, char **argv, GError **error);

/** Become neo-relay, and neo-racer --race, with the same arguments. NEO_ERROR_UNSUPPORTED where it is not installed. */
gboolean neo_relay_main(const NeoVerb *verb, int argc, char **argv, GError **error);
gboolean neo_race_main(const NeoVerb *verb, int argc, char **argv, GError **error);
