/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/verbs.h"

#include <stdio.h>
#include <string.h>

#include "cli/arguments.h"

static gboolean help(const NeoVerb *verb, int argc, char **argv, GError **error);
static gboolean version(const NeoVerb *verb, int argc, char **argv, GError **error);
static gboolean complete(const NeoVerb *verb, int argc, char **argv, GError **error);

static const NeoVerb verbs[] = {
  { "status", "[--all] [--json|--prometheus] [--output=FILE] [--seconds=NUMBER]", neo_status_main, "Says what this host is, and what goes through what" },
  { "top", "[--seconds=NUMBER] [--ascii]", neo_top_main, "Shows live what goes through each path and relay" },
  { "plot", "SECONDS [--interval=SECONDS] [--width=PIXELS] [--height=PIXELS] [--title=TEXT]", neo_plot_main,
    "Draws what goes through each path, as an SVG on standard output" },
  { "check", "[--role=ROLE] [--proxy=HOST:PORT] [--json]", neo_check_main, "Looks for what is wrong, and says what mends it" },
  { "paths add", "--parent=INTERFACE --count=N [--ipv6] [--tables=NUMBER] [--prefix=TEXT] [--force] [--dry-run]", neo_paths_add,
    "Makes profiles of N paths, all or none" },
  { "paths list", "[--json]", neo_paths_list, "Prints the path profiles and their states" },
  { "paths remove", "NAME... | --all", neo_paths_remove, "Deletes path profiles" },
  { "relay", "COMMAND [NAME...]", neo_relay_main, "Loads, prints, probes and drains relays, see neo-relay(8)" },
  { "race", "[--json] ENDPOINT... | --config=FILE", neo_race_main, "Connects once to each endpoint and says how long it took, see neo-racer(8)" },
  { "complete", "[WORD...]", complete, "Prints what may come behind these words, for the completion of a shell" },
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

/* The word of @name behind the @n words @given, if these are its first; the caller owns it. */
static char *next_word(const char *name, int n, char **given)
{
  g_auto(GStrv) words = g_strsplit(name, " ", -1);

  if ((int)g_strv_length(words) <= n)
    return NULL;
  for (int i = 0; i < n; i++)
    if (!g_str_equal(words[i], given[i]))
      return NULL;
  return g_strdup(words[n]);
}

/* "--tables=NUMBER" becomes "--tables=", "[--json]" "--json". */
static void add_options(const char *arguments, GPtrArray *found)
{
  g_auto(GStrv) words = g_strsplit_set(arguments ? arguments : "", " []|", -1);

  for (char **word = words; *word; word++) {
    const char *equals = strchr(*word, '=');
    if (g_str_has_prefix(*word, "--"))
      g_ptr_array_add(found, equals ? g_strndup(*word, equals + 1 - *word) : g_strdup(*word));
  }
}

/* The last word of a name comes with its summary. One that several names begin with is listed once, without. */
static void add_word(const NeoVerb *verb, const char *word, GPtrArray *found)
{
  if (g_str_has_suffix(verb->name, word))
    g_ptr_array_add(found, g_strdup_printf("%s\t%s", word, verb->summary));
  else if (!g_ptr_array_find_with_equal_func(found, word, g_str_equal, NULL))
    g_ptr_array_add(found, g_strdup(word));
}

GPtrArray *neo_verbs_complete(int n, char **words)
{
  GPtrArray *found = g_ptr_array_new_with_free_func(g_free);

  for (guint i = 0; i < G_N_ELEMENTS(verbs); i++) {
    g_autofree char *word = next_word(verbs[i].name, n, words);
    if (words_of(verbs[i].name, n, words))
      add_options(verbs[i].arguments, found);
    else if (word)
      add_word(&verbs[i], word, found);
  }
  return found;
}

static gboolean complete(const NeoVerb *verb, int argc, char **argv, GError **error)
{
  g_autoptr(GPtrArray) found = neo_verbs_complete(argc - 1, argv + 1);

  for (guint i = 0; i < found->len; i++)
    puts(found->pdata[i]);
  return TRUE;
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
