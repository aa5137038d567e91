/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib.h>

#include "tests/fuzz/fuzz.h"
#include "xtables-ext/relay-config.h"
#include "xtables-ext/relay-rules.h"
#include "xtables-ext/relay-text.h"

static void parse_config(const char *text)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(NeoRelayConfig) config = neo_relay_config_parse("main", "f", text, &error);

  g_assert_true((config == NULL) == (error != NULL));
  g_assert_true(!config || (config->ports->len > 0 && config->proxy && *config->proxy));
}

/* What iptables-save says is compared with what should stand, and what is left over is found. */
static void parse_saved(const char *text)
{
  static const char rules[] = "-A neo-in -p tcp -j neo-in-main\n-A neo-in-main -p tcp -j RELAY --to 192.0.2.10\n-A neo-guard -j DROP\n";
  g_autoptr(NeoIptablesSaved) saved = neo_iptables_saved_parse(text);
  g_autoptr(NeoRelayText) both = neo_relay_text_new(saved);

  neo_iptables_saved_has_chain(saved, "nat", "neo-in-main");
  neo_iptables_saved_rules(saved, "nat", "neo-in-main");
  for (guint i = 0; i < NEO_RELAY_N_CHAINS; i++) {
    guint jumps = neo_iptables_saved_jumps(saved, &neo_relay_bases[i], "neo-in-main");
    g_assert_false(jumps && neo_iptables_saved_is_left_over(saved, &neo_relay_bases[i]));
  }
  neo_relay_text_share(both, rules);
  neo_relay_text_add(both, "main", rules, neo_relay_rules_stand(rules, "main", saved));
  g_autofree char *restore = neo_relay_text_finish(both);
  g_assert_true(!restore || g_str_has_suffix(restore, "COMMIT\n"));
}

/* An input is the text of a relay's file, and of iptables-save(8). */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  g_autofree char *text = g_strndup((const char *)data, size);

  parse_config(text);
  parse_saved(text);
  return 0;
}
