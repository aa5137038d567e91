/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "xtables-ext/relay-text.h"

#include <string.h>

#include "xtables-ext/relay-rules.h"

struct NeoRelaySaved {
  gboolean nft;       /* the iptables in use keeps its rules in nf_tables */
  /* How often each is there: ":CHAIN", ":CHAIN POLICY", "#CHAIN" (a rule in it), "-A BASE -j CHAIN", all after "TABLE ". */
  GHashTable *counts;
};

static guint count_of(const NeoRelaySaved *saved, const char *table, const char *what, const char *name)
{
  g_autofree char *key = g_strconcat(table, " ", what, name, NULL);
  return saved ? GPOINTER_TO_UINT(g_hash_table_lookup(saved->counts, key)) : 0;
}

static void count(NeoRelaySaved *saved, const char *table, const char *what, const char *name)
{
  guint n = count_of(saved, table, what, name);
  g_hash_table_replace(saved->counts, g_strconcat(table, " ", what, name, NULL), GUINT_TO_POINTER(n + 1));
}

static void take_saved_line(NeoRelaySaved *saved, const char *table, const char *line)
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
  if (g_str_has_prefix(words[2], "-j neo-"))
    count(saved, table, "", line);
}

NeoRelaySaved *neo_relay_saved_parse(const char *text)
{
  NeoRelaySaved *saved = g_new0(NeoRelaySaved, 1);
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
      take_saved_line(saved, table, *line);
  }
  return saved;
}

void neo_relay_saved_free(NeoRelaySaved *saved)
{
  if (!saved)
    return;
  g_hash_table_unref(saved->counts);
  g_free(saved);
}

/* Adds the lines of @rules for one chain to @out (may be NULL). Returns how many they are. */
static guint rules_of_chain(const char *rules, const char *chain, GString *out)
{
  g_autofree char *start = g_strconcat("-A ", chain, " ", NULL);
  g_auto(GStrv) lines = g_strsplit(rules ? rules : "", "\n", -1);
  guint n = 0;

  for (char **line = lines; *line; line++)
    if (g_str_has_prefix(*line, start)) {
      n++;
      if (out)
        g_string_append_printf(out, "%s\n", *line);
    }
  return n;
}

gboolean neo_relay_rules_stand(const char *rules, const char *name, const NeoRelaySaved *saved)
{
  for (NeoRelayChain chain = 0; chain < NEO_RELAY_N_CHAINS; chain++) {
    const char *table = neo_relay_places[chain].table;
    g_autofree char *own = neo_relay_chain_name(chain, name);
    guint n = rules_of_chain(rules, own, NULL);
    if (count_of(saved, table, "#", own) != n || count_of(saved, table, ":", own) != (n > 0))
      return FALSE;
  }
  return TRUE;
}

struct NeoRelayText {
  GString *chains[NEO_RELAY_N_CHAINS];
};

NeoRelayText *neo_relay_text_new(void)
{
  NeoRelayText *text = g_new0(NeoRelayText, 1);

  for (NeoRelayChain chain = 0; chain < NEO_RELAY_N_CHAINS; chain++)
    text->chains[chain] = g_string_new(NULL);
  return text;
}

void neo_relay_text_free(NeoRelayText *text)
{
  if (!text)
    return;
  for (NeoRelayChain chain = 0; chain < NEO_RELAY_N_CHAINS; chain++)
    g_string_free(text->chains[chain], TRUE);
  g_free(text);
}

static void add_chain(NeoRelayText *text, NeoRelayChain chain, const char *name, const char *rules, gboolean keep, const NeoRelaySaved *saved)
{
  const NeoRelayPlace *place = &neo_relay_places[chain];
  GString *out = text->chains[chain];
  g_autofree char *own = neo_relay_chain_name(chain, name);
  g_autofree char *jump = g_strdup_printf("%s -j %s", place->base, own);
  guint n = rules_of_chain(rules, own, NULL);

  /* Naming a chain makes it, or empties it when it exists. */
  if (n && !keep)
    g_string_append_printf(out, ":%s - [0:0]\n", own);
  for (guint i = count_of(saved, place->table, "-A ", jump); i > 0; i--)
    g_string_append_printf(out, "-D %s\n", jump);
  if (n && !keep)
    rules_of_chain(rules, own, out);
  if (n)
    g_string_append_printf(out, "-I %s\n", jump);
  else if (count_of(saved, place->table, ":", own))
    g_string_append_printf(out, "-F %s\n-X %s\n", own, own);
}

void neo_relay_text_add(NeoRelayText *text, const char *name, const char *rules, gboolean keep, const NeoRelaySaved *saved)
{
  for (NeoRelayChain chain = 0; chain < NEO_RELAY_N_CHAINS; chain++)
    add_chain(text, chain, name, rules, keep, saved);
}

void neo_relay_text_tidy(NeoRelayText *text, const NeoRelaySaved *saved)
{
  for (NeoRelayChain chain = 0; saved->nft && chain < NEO_RELAY_N_CHAINS; chain++) {
    const NeoRelayPlace *place = &neo_relay_places[chain];
    g_autofree char *accepting = g_strconcat(place->base, " ACCEPT", NULL);
    if (count_of(saved, place->table, ":", accepting) && !count_of(saved, place->table, "#", place->base))
      g_string_append_printf(text->chains[chain], "-X %s\n", place->base);
  }
}

char *neo_relay_text_finish(const NeoRelayText *text)
{
  GString *out = g_string_new(NULL);
  const char *open = NULL;

  for (NeoRelayChain chain = 0; chain < NEO_RELAY_N_CHAINS; chain++) {
    const char *table = neo_relay_places[chain].table;
    if (!text->chains[chain]->len)
      continue;
    if (!open || !g_str_equal(open, table))
      g_string_append_printf(out, "%s*%s\n", open ? "COMMIT\n" : "", table);
    g_string_append(out, text->chains[chain]->str);
    open = table;
  }
  if (open)
    g_string_append(out, "COMMIT\n");
  return g_string_free(out, !open);
}
