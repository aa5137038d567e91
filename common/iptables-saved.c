/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/iptables-saved.h"

#include <string.h>

struct NeoIptablesSaved {
  gboolean nft; /* the iptables in use keeps its rules in nf_tables */
  /* How often each is there: ":CHAIN", ":CHAIN POLICY", "#CHAIN" (a rule in it), "-A BASE MATCH -j CHAIN", all after "TABLE ". */
  GHashTable *counts;
  GHashTable *rules; /* GPtrArray of the rules of Neo's chains, "-A CHAIN", and of those that call them, "-j CHAIN", both after "TABLE " */
};

static guint count_of(const NeoIptablesSaved *saved, const char *table, const char *what, const char *name)
{
  g_autofree char *key = g_strconcat(table, " ", what, name, NULL);
  return saved ? GPOINTER_TO_UINT(g_hash_table_lookup(saved->counts, key)) : 0;
}

static void count(NeoIptablesSaved *saved, const char *table, const char *what, const char *name)
{
  guint n = count_of(saved, table, what, name);
  g_hash_table_replace(saved->counts, g_strconcat(table, " ", what, name, NULL), GUINT_TO_POINTER(n + 1));
}

static void add_rule(NeoIptablesSaved *saved, const char *table, const char *what, const char *chain, const char *rule)
{
  g_autofree char *key = g_strconcat(table, " ", what, chain, NULL);
  GPtrArray *rules = g_hash_table_lookup(saved->rules, key);

  if (!rules) {
    rules = g_ptr_array_new_with_free_func(g_free);
    g_hash_table_insert(saved->rules, g_steal_pointer(&key), rules);
  }
  g_ptr_array_add(rules, g_strdup(rule));
}

/* @rule: "CHAIN MATCH -j TARGET" */
static void take_rule(NeoIptablesSaved *saved, const char *table, const char *chain, const char *rule)
{
  const char *call = strstr(rule, " -j neo-");

  count(saved, table, "#", chain);
  if (g_str_has_prefix(chain, "neo-"))
    add_rule(saved, table, "-A ", chain, rule);
  if (call) {
    g_autofree char *line = g_strconcat("-A ", rule, NULL);
    count(saved, table, "", line);
    add_rule(saved, table, "-j ", call + strlen(" -j "), rule);
  }
}

static void take_line(NeoIptablesSaved *saved, const char *table, const char *line)
{
  g_auto(GStrv) words = g_strsplit(line, " ", 3);
  guint n = g_strv_length(words);

  if (n >= 2 && line[0] == ':') {
    g_autofree char *policy = g_strconcat(words[0], " ", words[1], NULL);
    count(saved, table, "", words[0]);
    count(saved, table, "", policy);
  }
  if (n == 3 && g_str_equal(words[0], "-A"))
    take_rule(saved, table, words[1], line + strlen("-A "));
}

NeoIptablesSaved *neo_iptables_saved_parse(const char *text)
{
  NeoIptablesSaved *saved = g_new0(NeoIptablesSaved, 1);
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
  const char *table = "";

  saved->counts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  saved->rules = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
  for (char **line = lines; *line; line++) {
    g_strchomp(*line);
    if (**line == '*')
      table = *line + 1;
    else if (**line == '#')
      saved->nft |= strstr(*line, "(nf_tables)") != NULL;
    else
      take_line(saved, table, *line);
  }
  return saved;
}

void neo_iptables_saved_free(NeoIptablesSaved *saved)
{
  if (!saved)
    return;
  g_hash_table_unref(saved->counts);
  g_hash_table_unref(saved->rules);
  g_free(saved);
}

gboolean neo_iptables_saved_has_chain(const NeoIptablesSaved *saved, const char *table, const char *chain)
{
  return count_of(saved, table, ":", chain) > 0;
}

guint neo_iptables_saved_rules(const NeoIptablesSaved *saved, const char *table, const char *chain)
{
  return count_of(saved, table, "#", chain);
}

static const GPtrArray *rules_of(const NeoIptablesSaved *saved, const char *table, const char *what, const char *chain)
{
  g_autofree char *key = g_strconcat(table, " ", what, chain, NULL);
  return saved ? g_hash_table_lookup(saved->rules, key) : NULL;
}

const GPtrArray *neo_iptables_saved_chain(const NeoIptablesSaved *saved, const char *table, const char *chain)
{
  return rules_of(saved, table, "-A ", chain);
}

const GPtrArray *neo_iptables_saved_calls(const NeoIptablesSaved *saved, const char *table, const char *chain)
{
  return rules_of(saved, table, "-j ", chain);
}

char *neo_iptables_jump(const NeoIptablesBase *base, const char *chain)
{
  return g_strdup_printf("%s%s%s -j %s", base->chain, base->match ? " " : "", base->match ? base->match : "", chain);
}

guint neo_iptables_saved_jumps(const NeoIptablesSaved *saved, const NeoIptablesBase *base, const char *chain)
{
  g_autofree char *jump = neo_iptables_jump(base, chain);
  return count_of(saved, base->table, "-A ", jump);
}

gboolean neo_iptables_saved_is_left_over(const NeoIptablesSaved *saved, const NeoIptablesBase *base)
{
  g_autofree char *accepting = g_strconcat(base->chain, " ACCEPT", NULL);
  return saved->nft && count_of(saved, base->table, ":", accepting) && !count_of(saved, base->table, "#", base->chain);
}
