/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/verbs.h"

#include <stdio.h>
#include <string.h>

#include "cli/arguments.h"

static gboolean help(const NeoVerb *verb, int argc, char **argv, GError **error);
static gboolean version(const NeoVerb *verb, int argc, char **argv, GError **error);

static const NeoVerb verbs[] = {
  { "status", "[--all] [--json] [--seconds=NUMBER]", neo_status_main, "Says what this host is, and what goes through what" },
  { "top", "[--seconds=NUMBER] [--ascii]", neo_top_main, "Shows live what goes through each path and relay" },
  { "check", "[--role=ROLE] [--proxy=HOST:PORT] [--json]", neo_check_main, "Looks for what is wrong, and says what mends it" },
  { "paths add", "--parent INTERFACE --count N [OPTION...]", neo_paths_add, "Makes profiles of N paths, all or none" },
  { "paths list", "[--json]", neo_paths_list, "Prints the path profiles and their states" },
  { "paths remove", "NAME... | --all", neo_paths_remove, "Deletes path profiles" },
  { "help", NULL, help, "Prints this text" },
  { "version", NULL, version, "Prints the version" },
};

static gboolean help(const NeoVerb *verb, int argc, char **argv, GError **error)
{
  puts("usage: neo COMMAND [ARGUMENT...]\n");
  for (guint i = 0; i < G_N_ELEMENTS(verbs); i++)
    printf("  neo %s%s%s\n      %s\n", verbs[i].name, verbs[i].arguments ? " " : "", verbs[i].arguments ? verbs[i].arguments : "",
           verbs[i].summary);
  puts("\nEach command explains its options with --help. See neo(8).");
  return TRUE;
}

static gboolean version(const NeoVerb *verb, int argc, char **argv, GError **error)
{
  puts("neo " NEO_VERSION);
  return TRUE;
}

/* How many words of the command line are the name; 0 if they are another. */
static int words_of(const char *name, int argc, char **argv)
{
  g_auto(GStrv) words = g_strsplit(name, " ", -1);
  int n = g_strv_length(words);

  for (int i = 0; i < n; i++)
    if (i >= argc || !g_str_equal(words[i], argv[i]))
      return 0;
  return n;
}

static char *list_verbs(void)
{
  GString *list = g_string_new(verbs[0].name);

  for (guint i = 1; i < G_N_ELEMENTS(verbs); i++)
    g_string_append_printf(list, "%s%s", i + 1 < G_N_ELEMENTS(verbs) ? ", " : " or ", verbs[i].name);
  return g_string_free(list, FALSE);
}

static int exit_code;

void neo_verbs_set_exit_code(int code)
{
  exit_code = code;
}

int neo_verbs_exit_code(void)
{
  return exit_code;
}

static gboolean run_verb(const NeoVerb *verb, int argc, char **argv, GError **error)
{
  g_autofree char *name = g_strdup_printf("neo %s", verb->name);

  argv[0] = name;
  /* GOption's help names the program. */
  g_set_prgname(name);
  return verb->run(verb, argc, argv, error);
}

gboolean neo_verbs_run(int argc, char **argv, GError **error)
{
  if (argc < 2 || g_str_equal(argv[1], "--help") || g_str_equal(argv[1], "-h"))
    return help(NULL, argc, argv, error);
  if (g_str_equal(argv[1], "--version"))
    return version(NULL, argc, argv, error);
  for (guint i = 0; i < G_N_ELEMENTS(verbs); i++) {
    int words = words_of(verbs[i].name, argc - 1, argv + 1);
    if (words)
      return run_verb(&verbs[i], argc - words, argv + words, error);
  }
  g_autofree char *given = g_strjoinv(" ", argv + 1), *known = list_verbs();
  return neo_arguments_refuse(error, "unknown command \"%s\"; expected %s", given, known);
}
