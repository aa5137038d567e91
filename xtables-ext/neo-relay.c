/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <gio/gio.h>
#include <stdio.h>

#include "common/error.h"
#include "common/log.h"
#include "xtables-ext/mptcp-bytecode.h"
#include "xtables-ext/relay-apply.h"
#include "xtables-ext/relay-config.h"
#include "xtables-ext/relay-drain.h"
#include "xtables-ext/relay-firewalld.h"
#include "xtables-ext/relay-list.h"
#include "xtables-ext/relay-probe.h"

/* neo-relay: loads and unloads the rules of relays. */

static char *config_path, *subtypes;
static gboolean all, ipv6;
static NeoRelayProbe probe_request;
static gboolean probe_failed;

static const GOptionEntry options[] = {
  { "config", 0, 0, G_OPTION_ARG_FILENAME, &config_path, "The relay's file, instead of " NEO_CONFDIR "/relay/NAME.conf; with --all their directory", "FILE" },
  { "all", 'a', 0, G_OPTION_ARG_NONE, &all, "All relays: those with a file, and for stop and drain those that are loaded", NULL },
  { "subtype", 0, 0, G_OPTION_ARG_STRING, &subtypes, "bytecode: what it matches: any, or names such as mp_capable,mp_join", "SUBTYPES" },
  { "ipv6", '6', 0, G_OPTION_ARG_NONE, &ipv6, "bytecode: for ip6tables", NULL },
  { "via", 0, 0, G_OPTION_ARG_STRING, &probe_request.via, "probe: the relay", "RELAY" },
  { "from", 0, 0, G_OPTION_ARG_STRING, &probe_request.from, "probe: the own address to connect from", "ADDRESS" },
  { "json", 0, 0, G_OPTION_ARG_NONE, &probe_request.json, "probe: print JSON", NULL },
  { NULL },
};

/* Where the files are. */
static const char *directory(void)
{
  return all && config_path ? config_path : NEO_CONFDIR "/relay";
}

static NeoRelayFile *make_files(char **names, guint n)
{
  NeoRelayFile *files = g_new0(NeoRelayFile, n + 1);

  for (guint i = 0; i < n; i++)
    files[i] = (NeoRelayFile){ names[i], config_path && !all ? g_strdup(config_path) : g_strdup_printf("%s/%s.conf", directory(), names[i]) };
  return files;
}

static void free_files(NeoRelayFile *files)
{
  for (NeoRelayFile *file = files; file->name; file++)
    g_free((char *)file->path);
  g_free(files);
}

/* A relay whose file is gone is taken out of use. */
static gboolean drain_others(char **names, GError **error)
{
  g_auto(GStrv) loaded = neo_relay_list_loaded();
  g_autoptr(GPtrArray) others = g_ptr_array_new();

  for (char **name = loaded; *name; name++)
    if (!g_strv_contains((const char *const *)names, *name))
      g_ptr_array_add(others, *name);
  return !others->len || neo_relay_drain((const char *const *)others->pdata, others->len, error);
}

static gboolean load(char **names, guint n, GError **error)
{
  NeoRelayFile *files = make_files(names, n);
  gboolean done = neo_relay_load(files, n, error);

  free_files(files);
  return done && (!all || drain_others(names, error));
}

static gboolean unload(char **names, guint n, GError **error)
{
  return neo_relay_unload((const char *const *)names, n, error);
}

static gboolean drain(char **names, guint n, GError **error)
{
  return neo_relay_drain((const char *const *)names, n, error);
}

static gboolean dump(char **names, guint n, GError **error)
{
  NeoRelayFile *files = make_files(names, n);
  g_autofree char *text = neo_relay_dump(files, n, error);

  free_files(files);
  if (text)
    fputs(text, stdout);
  return text != NULL;
}

static gboolean bytecode(char **words, guint n, GError **error)
{
  struct sock_filter code[MPTCP_BYTECODE_MAX];
  const char *word = NULL;
  guint16 set = 0;

  if (n || !subtypes) {
    g_set_error(error, NEO_ERROR, NEO_ERROR_USAGE, "bytecode: expected bytecode --subtype SUBTYPES");
    return FALSE;
  }
  if (!mptcp_subtypes_parse(subtypes, &set, &word)) {
    g_set_error(error, NEO_ERROR, NEO_ERROR_USAGE, "--subtype: wrong subtype at \"%s\"; expected any, or names such as mp_capable,mp_join", word);
    return FALSE;
  }
  guint length = mptcp_bytecode(ipv6, set, code, NULL);
  printf("%u", length);
  for (guint i = 0; i < length; i++)
    printf(",%u %u %u %u", code[i].code, code[i].jt, code[i].jf, code[i].k);
  printf("\n");
  return TRUE;
}

static gboolean probe(char **words, guint n, GError **error)
{
  gboolean well = FALSE;

  if (n != 1 || !probe_request.via) {
    g_set_error(error, NEO_ERROR, NEO_ERROR_USAGE, "probe: expected probe PROXY[:PORT] --via RELAY");
    return FALSE;
  }
  probe_request.proxy = words[0];
  if (!neo_relay_probe(&probe_request, &well, error))
    return FALSE;
  probe_failed = !well;
  return TRUE;
}

static gboolean watch_firewalld(char **words, guint n, GError **error)
{
  if (!n)
    return neo_relay_firewalld_watch(neo_relay_repair, error);
  g_set_error(error, NEO_ERROR, NEO_ERROR_USAGE, "watch-firewalld: unexpected \"%s\"; expected nothing", words[0]);
  return FALSE;
}

static const struct {
  const char *name;
  gboolean (*run)(char **words, guint n, GError **error);
  enum { NO_NAMES, NAMES_OF_FILES, NAMES_OF_LOADED } names;
  const char *help;
} commands[] = {
  { "start", load, NAMES_OF_FILES, "start NAME...      load the rules of these relays" },
  { "stop", unload, NAMES_OF_LOADED, "stop NAME...       remove them" },
  { "drain", drain, NAMES_OF_LOADED, "drain NAME...      end their connections first, then remove them" },
  { "reload", load, NAMES_OF_FILES, "reload NAME...     load changed files; flows go on" },
  { "dump", dump, NAMES_OF_FILES, "dump NAME...       print what start would load, and change nothing" },
  { "probe", probe, NO_NAMES, "probe PROXY[:PORT] --via RELAY  connect and join through the relay, and say what happened" },
  { "watch-firewalld", watch_firewalld, NO_NAMES, "watch-firewalld    put the rules of relays back whenever firewalld has flushed them" },
  { "bytecode", bytecode, NO_NAMES, "bytecode --subtype SUBTYPES  print bytecode for the match bpf (iptables-extensions(8))" },
};

static gboolean check_names(char **names, guint n, GError **error)
{
  if (!n) {
    g_set_error(error, NEO_ERROR, NEO_ERROR_USAGE, "no relay named; expected the NAME of " NEO_CONFDIR "/relay/NAME.conf");
    return FALSE;
  }
  if (config_path && n > 1) {
    g_set_error(error, NEO_ERROR, NEO_ERROR_USAGE, "--config is for one relay, and %u are named", n);
    return FALSE;
  }
  for (guint i = 0; i < n; i++)
    if (!neo_relay_name_is_valid(names[i])) {
      g_set_error(error, NEO_ERROR, NEO_ERROR_USAGE, "wrong relay name \"%s\"; expected " NEO_RELAY_NAME_EXPECTED, names[i]);
      return FALSE;
    }
  return TRUE;
}

static gboolean run_all(guint command, guint n, GError **error)
{
  if (n) {
    g_set_error(error, NEO_ERROR, NEO_ERROR_USAGE, "--all, and %u relays named; expected one or the other", n);
    return FALSE;
  }
  g_auto(GStrv) names = commands[command].names == NAMES_OF_FILES ? neo_relay_list_files(directory(), error) : neo_relay_list_loaded();
  return names && commands[command].run(names, g_strv_length(names), error);
}

static gboolean run(char **words, guint n, GError **error)
{
  for (guint i = 0; n && i < G_N_ELEMENTS(commands); i++) {
    if (!g_str_equal(words[0], commands[i].name))
      continue;
    if (all && commands[i].names != NO_NAMES)
      return run_all(i, n - 1, error);
    return (commands[i].names == NO_NAMES || check_names(words + 1, n - 1, error)) && commands[i].run(words + 1, n - 1, error);
  }
  g_set_error(error, NEO_ERROR, NEO_ERROR_USAGE, "%s \"%s\"; see neo-relay --help", n ? "unknown command" : "no command", n ? words[0] : "");
  return FALSE;
}

static char *commands_help(void)
{
  GString *help = g_string_new("Commands:\n");

  for (guint i = 0; i < G_N_ELEMENTS(commands); i++)
    g_string_append_printf(help, "  %s\n", commands[i].help);
  return g_string_free(help, FALSE);
}

int main(int argc, char **argv)
{
  g_autoptr(GOptionContext) context = g_option_context_new("COMMAND [NAME...]");
  g_autofree char *help = commands_help();
  g_autoptr(GError) error = NULL;

  neo_log_init("neo-relay");
  g_option_context_set_summary(context, help);
  g_option_context_add_main_entries(context, options, NULL);
  if (!g_option_context_parse(context, &argc, &argv, &error)) {
    g_printerr("neo-relay: %s\n", error->message);
    return 64;
  }
  gboolean done = run(argv + 1, argc - 1, &error);
  g_free(config_path);
  g_free((char *)probe_request.via);
  g_free((char *)probe_request.from);
  return done ? probe_failed : neo_log_failure(error);
}
