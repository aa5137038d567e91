/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "xtables-ext/relay-drain-rules.h"

#include <string.h>

#include "xtables-ext/relay-rules.h"

static const char *word_after(char **words, const char *option)
{
  for (; *words; words++)
    if (g_str_equal(*words, option))
      return words[1];
  return NULL;
}

static void take_ports(const NeoAddress *listen, const char *ports, GArray *doors)
{
  g_auto(GStrv) list = g_strsplit(ports, ",", -1);

  for (char **one = list; *one; one++) {
    guint64 port;
    if (!g_ascii_string_to_unsigned(*one, 10, 1, 65535, &port, NULL))
      continue;
    NeoRelayDoor door = { *listen, port };
    g_array_append_val(doors, door);
  }
}

/* Only of a rule that relays: the one after it, which counts what ConnLimit= refuses, is for the same. */
static void take_rule(const char *rule, GArray *doors)
{
  g_auto(GStrv) words = g_strsplit(rule, " ", -1);
  const char *listen = word_after(words, "-d"), *port = word_after(words, "--dport"), *ports = word_after(words, "--dports");
  NeoAddress address;

  if (g_strcmp0(word_after(words, "-j"), "RELAY") == 0 && listen && (port || ports) && neo_address_parse(listen, &address))
    take_ports(&address, port ? port : ports, doors);
}

static gboolean is_in_chain(const char *line, NeoRelayChain chain, const char *name)
{
  g_autofree char *own = neo_relay_chain_name(chain, name), *start = g_strconcat("-A ", own, " ", NULL);

  return g_str_has_prefix(line, start);
}

void neo_relay_doors(const char *name, const char *rules, GArray *doors)
{
  g_auto(GStrv) lines = g_strsplit(rules, "\n", -1);

  for (char **line = lines; *line; line++)
    if (is_in_chain(*line, NEO_RELAY_CHAIN_IN, name))
      take_rule(*line, doors);
}

/* By the port that the client asked for: another relay may have other ports of the same address. */
static void write_reject_rule(GString *out, const char *chain, const NeoRelayDoor *door)
{
  g_autofree char *listen = neo_address_to_string(&door->listen);

  g_string_append_printf(out, "-A %s -p tcp -m conntrack --ctorigdst %s --ctorigdstport %u -j REJECT --reject-with tcp-reset\n",
                         chain, listen, door->port);
}

/* Appends the call of the relay's own chain at that place, and returns its name. The caller owns it. */
static char *call_own(GString *out, NeoRelayChain chain, const char *name)
{
  char *own = neo_relay_chain_name(chain, name);

  g_string_append_printf(out, "-A %s -j %s\n", neo_relay_shared_chain(chain), own);
  return own;
}

static void write_reset_rules(GString *out, const char *name, const GArray *doors)
{
  g_autofree char *own = call_own(out, NEO_RELAY_CHAIN_RESET, name);

  for (guint i = 0; i < doors->len; i++)
    write_reject_rule(out, own, &g_array_index(doors, NeoRelayDoor, i));
}

char *neo_relay_drain_rules(const char *name, const char *rules, gboolean reset)
{
  g_autoptr(GArray) doors = g_array_new(FALSE, FALSE, sizeof(NeoRelayDoor));
  g_auto(GStrv) lines = g_strsplit(rules, "\n", -1);
  g_autofree char *calls = g_strdup_printf("-A %s ", neo_relay_shared_chain(NEO_RELAY_CHAIN_IN));
  GString *out = g_string_new(NULL);

  neo_relay_doors(name, rules, doors);
  for (char **line = lines; *line; line++)
    if (**line && !g_str_has_prefix(*line, calls) && !is_in_chain(*line, NEO_RELAY_CHAIN_IN, name))
      g_string_append_printf(out, "%s\n", *line);
  if (reset && doors->len)
    write_reset_rules(out, name, doors);
  g_autofree char *end = call_own(out, NEO_RELAY_CHAIN_END, name);
  g_string_append_printf(out, "-A %s -p tcp -m mark --mark 0x%x -j CT --notrack\n", end, NEO_RELAY_DRAIN_MARK);
  return g_string_free(out, FALSE);
}
