/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/rule-counters.h"

#include <string.h>

#include "common/process.h"

static void clear_counter(gpointer data)
{
  NeoRuleCounter *counter = data;

  g_free(counter->table);
  g_free(counter->chain);
  g_free(counter->rule);
}

/* "[12:3456] -A CHAIN REST" */
static gboolean parse_rule(const char *line, const char *table, NeoRuleCounter *ret_counter)
{
  NeoRuleCounter counter = { 0 };
  char *end;

  if (!table || *line != '[')
    return FALSE;
  counter.packets = g_ascii_strtoull(line + 1, &end, 10);
  if (*end != ':')
    return FALSE;
  counter.bytes = g_ascii_strtoull(end + 1, &end, 10);
  if (!g_str_has_prefix(end, "] -A "))
    return FALSE;
  const char *name = end + 5;
  g_autofree char *chain = g_strndup(name, strcspn(name, " "));
  if (!*chain || !g_utf8_validate(end, -1, NULL))
    return FALSE;
  counter.table = g_strdup(table);
  counter.chain = g_steal_pointer(&chain);
  counter.rule = g_strdup(end + 2);
  *ret_counter = counter;
  return TRUE;
}

static void parse_into(const char *text, GArray *counters)
{
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
  const char *table = NULL;

  for (char **line = lines; *line; line++) {
    NeoRuleCounter counter;
    if (**line == '*')
      table = *line + 1;
    else if (parse_rule(*line, table, &counter))
      g_array_append_val(counters, counter);
  }
}

static GArray *new_counters(void)
{
  GArray *counters = g_array_new(FALSE, FALSE, sizeof(NeoRuleCounter));

  g_array_set_clear_func(counters, clear_counter);
  return counters;
}

GArray *neo_rule_counters_parse(const char *text)
{
  GArray *counters = new_counters();

  parse_into(text, counters);
  return counters;
}

GArray *neo_rule_counters_read(GError **error)
{
  static const char *const programs[] = { "iptables-save", "ip6tables-save" };
  g_autoptr(GArray) counters = new_counters();

  for (guint i = 0; i < G_N_ELEMENTS(programs); i++) {
    g_autofree char *text = NULL;
    if (!neo_process_run((const char *const[]){ programs[i], "-c", NULL }, NULL, &text, error))
      return NULL;
    parse_into(text, counters);
  }
  return g_steal_pointer(&counters);
}

char *neo_rule_option(const char *rule, const char *option)
{
  g_auto(GStrv) words = g_strsplit(rule, " ", -1);

  for (char **word = words; *word && word[1]; word++)
    if (g_str_equal(*word, option))
      return g_strdup(word[1]);
  return NULL;
}
