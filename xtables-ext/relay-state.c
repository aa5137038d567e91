/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "xtables-ext/relay-state.h"

#include <string.h>

#include "common/lock.h"
#include "xtables-ext/relay-rules.h"

int neo_relay_state_lock(GError **error)
{
  return neo_lock_directory(NEO_RELAY_STATE_DIR, error);
}

char *neo_relay_state_path(const char *name)
{
  return g_build_filename(NEO_RELAY_STATE_DIR, name, NULL);
}

char *neo_relay_state_rules(const char *state, NeoIptables family)
{
  g_autofree char *header = g_strdup_printf("# %s\n", neo_iptables_restore_name(family));
  const char *start = strstr(state, header);

  if (!start)
    return g_strdup("");
  start += strlen(header);
  const char *end = strstr(start, "# ");
  return end ? g_strndup(start, end - start) : g_strdup(start);
}

gboolean neo_relay_state_shares(const char *state)
{
  g_autofree char *call = g_strdup_printf("\n-A %s ", neo_relay_shared_chain(NEO_RELAY_CHAIN_IN));

  return strstr(state, call) != NULL;
}
