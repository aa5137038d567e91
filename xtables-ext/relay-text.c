/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "xtables-ext/relay-text.h"

#include <string.h>

#include "xtables-ext/relay-rules.h"

/* iptables-restore looks for a rule that is to go from the first on; beyond as many the shared chain is written anew. */
enum { MANY_GONE = 20 };

/* The next line of @rules that is for @chain, and its length; NULL at the end. */
static const char *next_rule(const char *rules, const char *chain, gsize *ret_length)
{
  gsize length = strlen(chain);

  while (rules && *rules) {
    gsize line = strcspn(rules, "\n");
    if (g_str_has_prefix(rules, "-A ") && strncmp(rules + 3, chain, length) == 0 && rules[3 + length] == ' ') {
      *ret_length = line;
      return rules;
    }
    rules += line + (rules[line] == '\n');
  }
  return NULL;
}

/* Adds the lines of @rules for @chain to @out (may be NULL). Returns how many they are. */
static guint rules_of_chain(const char *rules, const char *chain, GString *out)
{
  guint n = 0;
  gsize length;

  for (const char *rule = rules; (rule = next_rule(rule, chain, &length)); rule += length) {
    n++;
    if (out)
      g_string_append_printf(out, "%.*s\n", (int)length, rule);
  }
  return n;
}

/* How many of @rules ("CHAIN REST") are of @chain. */
static guint count_in_chain(const GPtrArray *rules, const char *chain)
{
  gsize length = strlen(chain);
  guint n = 0;

  for (guint i = 0; rules && i < rules->len; i++) {
    const char *rule = rules->pdata[i];
    n += strncmp(rule, chain, length) == 0 && rule[length] == ' ';
  }
  return n;
}

static gboolean place_stands(NeoRelayChain chain, const char *own, const char *rules, const NeoIptablesSaved *saved)
{
  const char *table = neo_relay_bases[chain].table, *shared = neo_relay_shared_chain(chain);
  const GPtrArray *calls = neo_iptables_saved_calls(saved, table, own);
  guint n = rules_of_chain(rules, own, NULL), n_calls = rules_of_chain(rules, shared, NULL);

  return neo_iptables_saved_rules(saved, table, own) == n && neo_iptables_saved_has_chain(saved, table, own) == (n > 0) &&
         count_in_chain(calls, shared) == n_calls && (calls ? calls->len : 0) == n_calls;
}

gboolean neo_relay_rules_stand(const char *rules, const char *name, const NeoIptablesSaved *saved)
{
  for (NeoRelayChain chain = 0; chain < NEO_RELAY_N_CHAINS; chain++) {
    g_autofree char *own = neo_relay_chain_name(chain, name);
    if (own && !place_stands(chain, own, rules, saved))
      return FALSE;
  }
  return TRUE;
}

/* What is to be done at one place. */
typedef struct {
  GString *elsewhere;   /* calls of relays' chains from where an earlier version had them */
  GString *own;         /* relays' chains with their rules */
  GString *rules;       /* of the shared chain */
  GString *remove;      /* relays' chains */
  guint added;          /* how many are @rules */
  GHashTable *gone;     /* rules that are to go from the shared chain, "CHAIN REST", not owned */
  GHashTable *wanted;   /* rules that are the same for all relays, "CHAIN REST" */
} Place;

struct NeoRelayText {
  const NeoIptablesSaved *saved;
  gboolean touched;
  Place places[NEO_RELAY_N_CHAINS];
};

NeoRelayText *neo_relay_text_new(const NeoIptablesSaved *saved)
{
  NeoRelayText *text = g_new0(NeoRelayText, 1);

  text->saved = saved;
  for (NeoRelayChain chain = 0; chain < NEO_RELAY_N_CHAINS; chain++)
    text->places[chain] = (Place){
      .elsewhere = g_string_new(NULL),
      .own = g_string_new(NULL),
      .rules = g_string_new(NULL),
      .remove = g_string_new(NULL),
      .gone = g_hash_table_new(g_str_hash, g_str_equal),
      .wanted = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
    };
  return text;
}

void neo_relay_text_free(NeoRelayText *text)
{
  if (!text)
    return;
  for (NeoRelayChain chain = 0; chain < NEO_RELAY_N_CHAINS; chain++) {
    Place *place = &text->places[chain];
    g_string_free(place->elsewhere, TRUE);
    g_string_free(place->own, TRUE);
    g_string_free(place->rules, TRUE);
    g_string_free(place->remove, TRUE);
    g_hash_table_unref(place->gone);
    g_hash_table_unref(place->wanted);
  }
  g_free(text);
}

static void remove_calls(NeoRelayText *text, NeoRelayChain chain, const char *own)
{
  const GPtrArray *calls = neo_iptables_saved_calls(text->saved, neo_relay_bases[chain].table, own);
  g_autofree char *shared = g_strconcat(neo_relay_shared_chain(chain), " ", NULL);
  Place *place = &text->places[chain];

  for (guint i = 0; calls && i < calls->len; i++)
    if (g_str_has_prefix(calls->pdata[i], shared))
      g_hash_table_add(place->gone, calls->pdata[i]);
    else
      g_string_append_printf(place->elsewhere, "-D %s\n", (const char *)calls->pdata[i]);
}

/* Puts the relay's own chain and the calls of it in place of those that are there. */
static void replace_own(NeoRelayText *text, NeoRelayChain chain, const char *own, const char *rules)
{
  gboolean stood = neo_iptables_saved_has_chain(text->saved, neo_relay_bases[chain].table, own);
  Place *place = &text->places[chain];
  guint n = rules_of_chain(rules, own, NULL);

  text->touched |= stood || n;
  remove_calls(text, chain, own);
  place->added += rules_of_chain(rules, neo_relay_shared_chain(chain), place->rules);
  /* Naming a chain makes it, or empties it when it exists. */
  if (n)
    g_string_append_printf(place->own, ":%s - [0:0]\n", own);
  rules_of_chain(rules, own, place->own);
  if (!n && stood)
    g_string_append_printf(place->remove, "-F %s\n-X %s\n", own, own);
}

/* Whether relays have no chains of their own at this place, and the rules of the shared one in common. */
static gboolean is_common(NeoRelayChain chain)
{
  g_autofree char *own = neo_relay_chain_name(chain, "");
  return !own;
}

void neo_relay_text_share(NeoRelayText *text, const char *rules)
{
  for (NeoRelayChain chain = 0; chain < NEO_RELAY_N_CHAINS; chain++) {
    const char *shared = neo_relay_shared_chain(chain);
    gsize length;
    for (const char *rule = is_common(chain) ? rules : NULL; (rule = next_rule(rule, shared, &length)); rule += length)
      g_hash_table_add(text->places[chain].wanted, g_strndup(rule + 3, length - 3));
  }
}

void neo_relay_text_add(NeoRelayText *text, const char *name, const char *rules, gboolean keep)
{
  text->touched |= rules && *rules;
  neo_relay_text_share(text, rules);
  for (NeoRelayChain chain = 0; !keep && chain < NEO_RELAY_N_CHAINS; chain++) {
    g_autofree char *own = neo_relay_chain_name(chain, name);
    if (own)
      replace_own(text, chain, own, rules);
  }
}

/* What all want and stands once is kept; what nobody wants goes. */
static void compare_wanted(Place *place, const GPtrArray *standing)
{
  g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
  g_autoptr(GList) wanted = g_list_sort(g_hash_table_get_keys(place->wanted), (GCompareFunc)strcmp);

  for (guint i = 0; standing && i < standing->len; i++) {
    char *rule = standing->pdata[i];
    if (!g_hash_table_add(seen, rule) || !g_hash_table_contains(place->wanted, rule))
      g_hash_table_add(place->gone, rule);
  }
  for (GList *rule = wanted; rule; rule = rule->next)
    if (!g_hash_table_contains(seen, rule->data) || g_hash_table_contains(place->gone, rule->data)) {
      g_string_append_printf(place->rules, "-A %s\n", (const char *)rule->data);
      place->added++;
    }
}

/* Takes what is to go from the shared chain, which has @standing. */
static void write_gone(GString *out, const Place *place, const char *shared, const GPtrArray *standing, guint n_gone)
{
  gboolean anew = n_gone > MANY_GONE;

  if (anew)
    g_string_append_printf(out, ":%s - [0:0]\n", shared);
  for (guint i = 0; standing && i < standing->len; i++) {
    const char *rule = standing->pdata[i];
    if (g_hash_table_contains(place->gone, rule) != anew)
      g_string_append_printf(out, "-%c %s\n", anew ? 'A' : 'D', rule);
  }
}

static void write_base_calls(GString *out, const NeoIptablesSaved *saved, NeoRelayChain chain, gboolean wanted)
{
  g_autofree char *jump = neo_iptables_jump(&neo_relay_bases[chain], neo_relay_shared_chain(chain));

  for (guint i = neo_iptables_saved_jumps(saved, &neo_relay_bases[chain], neo_relay_shared_chain(chain)); i > 0; i--)
    g_string_append_printf(out, "-D %s\n", jump);
  if (wanted)
    g_string_append_printf(out, "-I %s\n", jump);
}

static void write_place(GString *out, const NeoRelayText *text, NeoRelayChain chain)
{
  const char *table = neo_relay_bases[chain].table, *shared = neo_relay_shared_chain(chain);
  const GPtrArray *standing = neo_iptables_saved_chain(text->saved, table, shared);
  gboolean exists = neo_iptables_saved_has_chain(text->saved, table, shared);
  const Place *place = &text->places[chain];
  guint n_gone = 0, n = standing ? standing->len : 0;

  for (guint i = 0; i < n; i++)
    n_gone += g_hash_table_contains(place->gone, standing->pdata[i]);
  gboolean wanted = n - n_gone + place->added > 0;
  g_string_append(out, place->elsewhere->str);
  if (wanted && !exists)
    g_string_append_printf(out, ":%s - [0:0]\n", shared);
  g_string_append(out, place->own->str);
  if (wanted)
    write_gone(out, place, shared, standing, n_gone);
  g_string_append(out, place->rules->str);
  write_base_calls(out, text->saved, chain, wanted);
  if (exists && !wanted)
    g_string_append_printf(out, "-F %s\n-X %s\n", shared, shared);
  g_string_append(out, place->remove->str);
}

char *neo_relay_text_finish(NeoRelayText *text)
{
  GString *out = g_string_new(NULL);
  const char *open = NULL;

  for (NeoRelayChain chain = 0; text->touched && chain < NEO_RELAY_N_CHAINS; chain++) {
    const char *table = neo_relay_bases[chain].table;
    g_autoptr(GString) part = g_string_new(NULL);
    if (is_common(chain))
      compare_wanted(&text->places[chain], neo_iptables_saved_chain(text->saved, table, neo_relay_shared_chain(chain)));
    write_place(part, text, chain);
    if (!part->len)
      continue;
    if (!open || !g_str_equal(open, table))
      g_string_append_printf(out, "%s*%s\n", open ? "COMMIT\n" : "", table);
    g_string_append(out, part->str);
    open = table;
  }
  if (open)
    g_string_append(out, "COMMIT\n");
  return g_string_free(out, !open);
}
