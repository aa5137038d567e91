/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "xtables-ext/rule-args.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <xtables.h>

/* Whether @argument is -@letter or --@name (or an abbreviation that getopt_long(3) takes); its value is in itself or follows. */
static const char *value_of(char *const *argument, char letter, const char *name)
{
  const char *text = *argument;

  if (text[0] != '-' || !text[1])
    return NULL;
  if (text[1] != '-')
    return text[1] != letter ? NULL : text[2] ? text + 2 : argument[1];
  size_t length = strcspn(text + 2, "=");
  if (length < 2 || strncmp(text + 2, name, length) != 0)
    return NULL;
  return text[2 + length] ? text + 2 + length + 1 : argument[1];
}

/* iptables empties the "!" that it has read. */
static bool is_inverted(char *const *argv, char *const *argument)
{
  return argument > argv && (strcmp(argument[-1], "!") == 0 || !*argument[-1]);
}

static bool is_tcp(const char *protocol)
{
  return strcasecmp(protocol, "tcp") == 0 || strcmp(protocol, "6") == 0;
}

static bool is_everything(const char *network)
{
  const char *slash = strrchr(network, '/');
  return slash && (strcmp(slash, "/0") == 0 || strcmp(slash, "/0.0.0.0") == 0);
}

static const char *chain_of(char *const *argument)
{
  static const struct { char letter; const char *name; } commands[] = {
    { 'A', "append" }, { 'I', "insert" }, { 'D', "delete" }, { 'R', "replace" }, { 'C', "check" },
  };

  for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
    const char *chain = value_of(argument, commands[i].letter, commands[i].name);
    if (chain)
      return chain;
  }
  return NULL;
}

static void read_match(RuleArgs *args, char *const *argument)
{
  const char *value = value_of(argument, 'p', "protocol");

  if (value)
    args->tcp = is_tcp(value);
  value = value_of(argument, 'd', "destination");
  value = value ? value : value_of(argument, 'd', "dst");
  if (value && !is_everything(value))
    args->destination = args->narrow = true;
  value = value_of(argument, 'i', "in-interface");
  if (value && strcmp(value, "+") != 0)
    args->narrow = true;
}

RuleArgs rule_args_read(char *const *argv)
{
  RuleArgs args = { .table = "filter" };

  for (char *const *argument = argv; *argument; argument++) {
    const char *table = value_of(argument, 't', "table");
    const char *chain = chain_of(argument);
    if (table)
      args.table = table;
    if (chain)
      args.chain = chain;
    if (!is_inverted(argv, argument))
      read_match(&args, argument);
  }
  return args;
}

static bool is_other_builtin(const char *chain, const char *wanted)
{
  static const char *const builtin[] = { "PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING" };

  for (size_t i = 0; i < sizeof builtin / sizeof builtin[0]; i++)
    if (strcmp(chain, builtin[i]) == 0)
      return strcmp(chain, wanted) != 0;
  return false;
}

void rule_args_check_tcp(const RuleArgs *args, const char *extension)
{
  if (!args->tcp)
    xtables_error(PARAMETER_PROBLEM, "%s: only TCP can be relayed; add \"-p tcp\" to the rule", extension);
}

void rule_args_check(const RuleArgs *args, const char *target, const char *chain)
{
  if (strcmp(args->table, "nat") != 0)
    xtables_error(PARAMETER_PROBLEM, "%s: works in table nat, not in %s; use \"-t nat -A %s\"", target, args->table, chain);
  if (args->chain && is_other_builtin(args->chain, chain))
    xtables_error(PARAMETER_PROBLEM, "%s: works in chain %s (or one that is called from it), not in %s; use \"-A %s\"",
                  target, chain, args->chain, chain);
  rule_args_check_tcp(args, target);
}

static size_t read_command_line(char *text, size_t size)
{
  FILE *file = fopen("/proc/self/cmdline", "re");

  if (!file)
    return 0;
  size_t length = fread(text, 1, size, file);
  fclose(file);
  return length < size ? length : 0;
}

bool rule_args_of_program(char *text, size_t size, char **words, size_t max_words)
{
  size_t length = read_command_line(text, size), n = 0;

  for (char *word = text; word < text + length; word += strlen(word) + 1) {
    /* The name may be the second word: xtables-nft-multi iptables-restore. */
    if (n + 1 >= max_words || (n < 2 && strstr(word, "restore")))
      return false;
    words[n++] = word;
  }
  words[n] = NULL;
  return n > 0;
}
