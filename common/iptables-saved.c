/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/iptables-saved.h"

#include <string.h>

struct NeoIptablesSaved {
  gboolean nft; /* the iptables in use keeps its rules in nf_tables */
  /* How often each is there: ":CHAIN", ":CHAIN POLICY", "#CHAIN" (a rule in it), "-A BASE MATCH -j CHAIN", all after "TABLE ". */
  GHashTable *counts;
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

static void take_line(NeoIptablesSaved *saved, const char *table, const char *line)
{
  g_auto(GStrv) words = g_strsplit(line, " ", 3);
  guint n = g_strv_length(words);

  if (n >= 2 && line[0] == ':') {
    g_autofree char *policy = g_strconcat(words[0], " ", words[1], NULL);
    count(saved, table, "", words[0]);
    count(saved, table, "", policy);
  }
  if (n < 3 || !g_str_equal(words[0], "-A"))
    return;
  count(saved, table, "#", words[1]);
  if (strstr(words[2], "-j neo-"))
    count(saved, table, "", line);
}

NeoIptablesSaved *neo_iptables_saved_parse(const char *text)
{
  NeoIptablesSaved *saved = g_new0(NeoIptablesSaved, 1);
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
  const char *table = "";

  saved->counts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
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
