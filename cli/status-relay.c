/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <string.h>

#include "cli/address-key.h"
#include "cli/rule-counters.h"
#include "cli/status-parts.h"
#include "xtables-ext/relay-config.h"
#include "xtables-ext/relay-flows.h"
#include "xtables-ext/relay-rules.h"

static gboolean has_word(const char *list, const char *word)
{
  g_auto(GStrv) words = g_strsplit(list ? list : "", " ", -1);

  return g_strv_contains((const char *const *)words, word);
}

static void add_word(char **list, char *word)
{
  g_autofree char *owned = word, *before = *list;

  if (!word || has_word(before, word))
    *list = g_steal_pointer(&before);
  else
    *list = before ? g_strconcat(before, " ", word, NULL) : g_steal_pointer(&owned);
}

/* "192.0.2.11" of "192.0.2.11/32" */
static char *plain_address(char *prefix)
{
  if (prefix)
    prefix[strcspn(prefix, "/")] = '\0';
  return prefix;
}

/* What belongs to flows from an address is counted for all relays that listen on it. */
static void take_standing(NeoStatusRelay *relay, const GArray *counters)
{
  const char *shared = neo_relay_shared_chain(NEO_RELAY_CHAIN_STANDING);

  for (guint i = 0; i < counters->len; i++) {
    const NeoRuleCounter *counter = &g_array_index(counters, NeoRuleCounter, i);
    if (!g_str_equal(counter->chain, shared))
      continue;
    g_autofree char *listen = plain_address(neo_rule_option(counter->rule, "--ctorigdst"));
    if (listen && has_word(relay->listen, listen)) {
      relay->bytes += counter->bytes;
      relay->packets += counter->packets;
    }
  }
}

void neo_status_take_rules(NeoStatusRelay *relay, const GArray *counters)
{
  g_autofree char *in = neo_relay_chain_name(NEO_RELAY_CHAIN_IN, relay->name);
  g_autofree char *forward = neo_relay_chain_name(NEO_RELAY_CHAIN_FORWARD, relay->name);
  g_autofree char *syn = neo_relay_chain_name(NEO_RELAY_CHAIN_SYN, relay->name);

  relay->rules = relay->bytes = relay->packets = relay->limited = relay->refused = 0;
  for (guint i = 0; i < counters->len; i++) {
    const NeoRuleCounter *counter = &g_array_index(counters, NeoRuleCounter, i);
    gboolean forwards = g_str_equal(counter->chain, forward), is_in = g_str_equal(counter->chain, in);
    gboolean refused = is_in && g_str_has_suffix(counter->rule, "-j RETURN"), begins = is_in && !refused;
    if (forwards && g_str_has_suffix(counter->rule, "-j ACCEPT")) {
      relay->bytes += counter->bytes;
      relay->packets += counter->packets;
    }
    if (g_str_equal(counter->chain, syn) && g_str_has_suffix(counter->rule, "-j DROP"))
      relay->limited += counter->packets;
    if (refused) {
      relay->limited += counter->packets;
      relay->refused += counter->packets;
    }
    relay->rules += begins;
    if (begins) {
      add_word(&relay->listen, plain_address(neo_rule_option(counter->rule, "-d")));
      add_word(&relay->proxy, neo_rule_option(counter->rule, "--to-destination"));
    }
  }
  take_standing(relay, counters);
}

/* The words of @list as addresses. */
static GArray *read_addresses(const char *list)
{
  g_auto(GStrv) words = g_strsplit(list ? list : "", " ", -1);
  GArray *addresses = g_array_new(FALSE, FALSE, sizeof(NeoAddress));

  for (char **word = words; *word; word++) {
    NeoAddress address;
    if (neo_address_parse(*word, &address))
      g_array_append_val(addresses, address);
  }
  return addresses;
}

/* Where the flows of a relay come in and go to. */
typedef struct {
  NeoStatusRelay *relay;
  GArray *listen, *proxies; /* NeoAddress */
} Flows;

static void clear_flows(gpointer data)
{
  Flows *flows = data;

  g_array_unref(flows->listen);
  g_array_unref(flows->proxies);
}

static int take_flow(const struct nlmsghdr *message, void *data)
{
  GArray *all = data;
  NeoRelayFlow flow;

  if (!neo_relay_flow_parse(message, &flow) || !flow.open)
    return MNL_CB_OK;
  for (guint i = 0; i < all->len; i++) {
    const Flows *flows = &g_array_index(all, Flows, i);
    if (neo_address_is_in(flows->listen, &flow.original.to) && neo_address_is_in(flows->proxies, &flow.reply.from))
      flows->relay->flows++;
  }
  return MNL_CB_OK;
}

static GArray *flows_of(const GPtrArray *relays)
{
  GArray *all = g_array_new(FALSE, FALSE, sizeof(Flows));

  g_array_set_clear_func(all, clear_flows);
  for (guint i = 0; i < relays->len; i++) {
    NeoStatusRelay *relay = relays->pdata[i];
    Flows flows = { relay, read_addresses(relay->listen), read_addresses(relay->proxy) };
    relay->flows = 0;
    g_array_append_val(all, flows);
  }
  return all;
}

static gboolean count_flows(const GPtrArray *relays, GError **error)
{
  g_autoptr(NeoNetlink) netlink = neo_netlink_open(NETLINK_NETFILTER, 0, error);
  char buffer[8192];
  gboolean interrupted;

  if (!netlink)
    return FALSE;
  g_autoptr(GArray) flows = flows_of(relays);
  struct nlmsghdr *message = neo_netlink_message(buffer, NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET, 0);
  struct nfgenmsg *header = mnl_nlmsg_put_extra_header(message, sizeof *header);
  *header = (struct nfgenmsg){ .nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0 };
  if (neo_netlink_dump(netlink, message, take_flow, flows, &interrupted, error))
    return TRUE;
  for (guint i = 0; i < relays->len; i++)
    ((NeoStatusRelay *)relays->pdata[i])->flows = -1;
  return FALSE;
}

static void take_file(NeoStatusRelay *relay)
{
  g_autofree char *path = g_strdup_printf(NEO_CONFDIR "/relay/%s.conf", relay->name);
  g_autoptr(NeoRelayConfig) config = neo_relay_config_load(relay->name, path, NULL);

  if (config && !relay->proxy)
    relay->proxy = g_strdup(config->proxy);
}

/* A relay has a unit of its own, or it is loaded with all others. */
static void take_unit(NeoStatusRelay *relay, const NeoUnits *units)
{
  g_autofree char *own = g_strdup_printf("neo-relay@%s.service", relay->name), *state = units ? neo_units_state(units, own) : NULL;
  g_autofree char *common = units ? neo_units_state(units, "neo-relay.service") : NULL;
  gboolean with_others = g_strcmp0(state, "inactive") == 0 && g_strcmp0(common, "inactive") != 0;

  relay->unit = with_others ? g_strdup("neo-relay") : g_strdup_printf("neo-relay@%s", relay->name);
  relay->service = with_others ? g_steal_pointer(&common) : g_steal_pointer(&state);
}

void neo_status_collect_relays(NeoStatus *status, const NeoUnits *units)
{
  g_autoptr(GPtrArray) names = neo_status_names(NEO_CONFDIR "/relay", "neo-relay", units);
  g_autoptr(GError) no_rules = NULL, no_flows = NULL;

  if (!names->len)
    return;
  g_autoptr(GArray) counters = neo_rule_counters_read(&no_rules);
  if (!counters)
    neo_status_unseen(status, "rules and traffic of relays: %s", no_rules->message);
  for (guint i = 0; i < names->len; i++) {
    NeoStatusRelay *relay = neo_status_relay_new(names->pdata[i]);
    take_unit(relay, units);
    if (counters)
      neo_status_take_rules(relay, counters);
    take_file(relay);
    g_ptr_array_add(status->relays, relay);
  }
  if (counters && !count_flows(status->relays, &no_flows))
    neo_status_unseen(status, "flows of relays: %s", no_flows->message);
}
