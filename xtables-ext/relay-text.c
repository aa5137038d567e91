/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "xtables-ext/relay-text.h"

#include <string.h>

#include "xtables-ext/relay-rules.h"

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

gboolean neo_relay_rules_stand(const char *rules, const char *name, const NeoIptablesSaved *saved)
{
  for (NeoRelayChain chain = 0; chain < NEO_RELAY_N_CHAINS; chain++) {
    const char *table = neo_relay_bases[chain].table;
    g_autofree char *own = neo_relay_chain_name(chain, name);
    guint n = rules_of_chain(rules, own, NULL);
    if (neo_iptables_saved_rules(saved, table, own) != n || neo_iptables_saved_has_chain(saved, table, own) != (n > 0))
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

static void add_chain(NeoRelayText *text, NeoRelayChain chain, const char *name, const char *rules, gboolean keep, const NeoIptablesSaved *saved)
{
  const NeoIptablesBase *base = &neo_relay_bases[chain];
  GString *out = text->chains[chain];
  g_autofree char *own = neo_relay_chain_name(chain, name);
  g_autofree char *jump = neo_iptables_jump(base, own);
  guint n = rules_of_chain(rules, own, NULL);

  /* Naming a chain makes it, or empties it when it exists. */
  if (n && !keep)
    g_string_append_printf(out, ":%s - [0:0]\n", own);
  for (guint i = neo_iptables_saved_jumps(saved, base, own); i > 0; i--)
    g_string_append_printf(out, "-D %s\n", jump);
  if (n && !keep)
    rules_of_chain(rules, own, out);
  if (n)
    g_string_append_printf(out, "-I %s\n", jump);
  else if (neo_iptables_saved_has_chain(saved, base->table, own))
    g_string_append_printf(out, "-F %s\n-X %s\n", own, own);
}

void neo_relay_text_add(NeoRelayText *text, const char *name, const char *rules, gboolean keep, const NeoIptablesSaved *saved)
{
  for (NeoRelayChain chain = 0; chain < NEO_RELAY_N_CHAINS; chain++)
    add_chain(text, chain, name, rules, keep, saved);
}

char *neo_relay_text_finish(const NeoRelayText *text)
{
  GString *out = g_string_new(NULL);
  const char *open = NULL;

  for (NeoRelayChain chain = 0; chain < NEO_RELAY_N_CHAINS; chain++) {
    const char *table = neo_relay_bases[chain].table;
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
