/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "xtables-ext/relay-rules.h"

#include <string.h>

#include "common/forwarding.h"

/*
 * A relay has a chain of its own for each of these places, and a jump to it at the place's head:
 *   raw PREROUTING      SynRate=; what may not begin here is not tracked, so that a flood of it does not fill the table of connections
 *   mangle FORWARD      Mss=
 *   filter FORWARD      accepts what this relay has mapped; drops what an interface forwards only because of relays
 *   nat PREROUTING      RELAY
 *   nat POSTROUTING     RELAYBACK
 *   raw OUTPUT          what a relay that is drained sends itself is not tracked (relay-drain-rules.c)
 * nat comes behind filter, so that nothing is mapped before it may pass. Nearly all packets are of connections that stand, so raw PREROUTING
 * calls with SYNs alone. To refuse in filter INPUT what may not begin would cost them less, but a firewall beside it that drops
 * would no longer make the port look like any other.
 */
#define SYN "-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN"

const NeoIptablesBase neo_relay_bases[NEO_RELAY_N_CHAINS] = {
  [NEO_RELAY_CHAIN_SYN] = { "raw", "PREROUTING", SYN },
  [NEO_RELAY_CHAIN_MSS] = { "mangle", "FORWARD", NULL },
  [NEO_RELAY_CHAIN_FORWARD] = { "filter", "FORWARD", NULL },
  [NEO_RELAY_CHAIN_IN] = { "nat", "PREROUTING", NULL },
  [NEO_RELAY_CHAIN_OUT] = { "nat", "POSTROUTING", NULL },
  [NEO_RELAY_CHAIN_END] = { "raw", "OUTPUT", NULL },
};

static const char *const prefixes[NEO_RELAY_N_CHAINS] = {
  [NEO_RELAY_CHAIN_SYN] = "neo-syn-",    [NEO_RELAY_CHAIN_MSS] = "neo-mss-", [NEO_RELAY_CHAIN_FORWARD] = "neo-fwd-",
  [NEO_RELAY_CHAIN_IN] = "neo-in-",      [NEO_RELAY_CHAIN_OUT] = "neo-out-", [NEO_RELAY_CHAIN_END] = "neo-end-",
};

/* The kernel's limit for a chain is 28 characters (XT_EXTENSION_MAXNAMELEN - 1), the longest prefix has 8. */
enum { MAX_SUFFIX = 20, HASH_DIGITS = 8, MAX_MULTIPORT = 15 };

NeoRelaySide *neo_relay_side_new(sa_family_t family)
{
  NeoRelaySide *side = g_new0(NeoRelaySide, 1);

  *side = (NeoRelaySide){
    .family = family,
    .listen = g_array_new(FALSE, FALSE, sizeof(NeoAddress)),
    .interfaces = g_ptr_array_new_with_free_func(g_free),
    .guarded = g_ptr_array_new_with_free_func(g_free),
  };
  return side;
}

void neo_relay_side_free(NeoRelaySide *side)
{
  if (!side)
    return;
  g_array_unref(side->listen);
  g_ptr_array_unref(side->interfaces);
  g_ptr_array_unref(side->guarded);
  g_free(side);
}

void neo_relay_side_guard(NeoRelaySide *side, const char *root, const char *state_dir)
{
  g_ptr_array_set_size(side->guarded, 0);
  for (guint i = 0; i < side->interfaces->len; i++) {
    const char *interface = side->interfaces->pdata[i];
    NeoGuard guard = neo_forwarding_guard(side->family, interface, root, state_dir);
    if (guard != NEO_GUARD_NONE)
      g_ptr_array_add(side->guarded, g_strdup(guard == NEO_GUARD_ALL ? "+" : interface));
    if (guard == NEO_GUARD_ALL)
      break;
  }
}

static char *suffix_of(const char *name)
{
  if (strlen(name) <= MAX_SUFFIX)
    return g_strdup(name);
  g_autofree char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, name, -1);
  return g_strdup_printf("%.*s-%.*s", MAX_SUFFIX - HASH_DIGITS - 1, name, HASH_DIGITS, hash);
}

char *neo_relay_chain_name(NeoRelayChain chain, const char *name)
{
  g_autofree char *suffix = suffix_of(name);
  return g_strconcat(prefixes[chain], suffix, NULL);
}

typedef struct {
  const NeoRelayConfig *config;
  const NeoRelaySide *side;
  GString *out;
  char *proxy;
} Writer;

static void begin_rule(const Writer *writer, NeoRelayChain chain)
{
  g_autofree char *name = neo_relay_chain_name(chain, writer->config->name);
  g_string_append_printf(writer->out, "-A %s", name);
}

static void add_ports(const Writer *writer, guint first)
{
  GArray *ports = writer->config->ports;
  guint end = MIN(first + MAX_MULTIPORT, ports->len);

  if (ports->len == 1) {
    g_string_append_printf(writer->out, " --dport %u", g_array_index(ports, guint16, 0));
    return;
  }
  for (guint i = first; i < end; i++)
    g_string_append_printf(writer->out, "%s%u", i == first ? " -m multiport --dports " : ",", g_array_index(ports, guint16, i));
}

/* The start of a rule for a SYN from a client to the relay. */
static void begin_syn_rule(const Writer *writer, NeoRelayChain chain, const NeoAddress *listen, guint port)
{
  g_autofree char *address = neo_address_to_string(listen);

  begin_rule(writer, chain);
  g_string_append_printf(writer->out, " -d %s -p tcp -m tcp --syn", address);
  add_ports(writer, port);
}

static void add_mode(const Writer *writer)
{
  if (writer->config->mode == NEO_RELAY_MPTCP)
    g_string_append(writer->out, " -m mptcp --mptcp-subtype mp_capable,mp_join");
  else if (writer->config->mode == NEO_RELAY_JOIN)
    g_string_append(writer->out, " -m mptcp --mptcp-subtype mp_join");
}

/* One IPv6 client has a whole /64. */
static guint client_bits(const Writer *writer)
{
  return writer->side->family == AF_INET ? 32 : 64;
}

/* @closed: for the SYNs that may not begin here. They have a rate of their own, so that they take nothing from the others of a client. */
static void add_syn_rate(const Writer *writer, gboolean closed)
{
  guint rate = writer->config->syn_rate;
  g_autofree char *suffix = suffix_of(writer->config->name);

  /* The kernel keeps the rate with the table's name, so another rate needs another name. */
  g_string_append_printf(writer->out, " -m hashlimit --hashlimit-above %u/second --hashlimit-burst %u --hashlimit-mode srcip"
                         " --hashlimit-srcmask %u --hashlimit-htable-expire 10000 --hashlimit-name neo-%s-%u%s -j DROP\n",
                         rate, MAX(2 * rate, 10), client_bits(writer), suffix, rate, closed ? "-c" : "");
}

/* Untracked, it finds the closed port all the same (or what the host itself has there), and leaves no entry behind. */
static void write_closed_rules(const Writer *writer, const NeoAddress *listen, guint port)
{
  begin_syn_rule(writer, NEO_RELAY_CHAIN_SYN, listen, port);
  add_mode(writer);
  g_string_append(writer->out, " -j RETURN\n");
  if (writer->config->syn_rate) {
    begin_syn_rule(writer, NEO_RELAY_CHAIN_SYN, listen, port);
    add_syn_rate(writer, TRUE);
  }
  begin_syn_rule(writer, NEO_RELAY_CHAIN_SYN, listen, port);
  g_string_append(writer->out, " -j CT --notrack\n");
}

/* Dropped and not refused: the client's kernel tries again a second later. */
static void write_syn_rules(const Writer *writer, const NeoAddress *listen, guint port)
{
  if (writer->config->syn_rate) {
    begin_syn_rule(writer, NEO_RELAY_CHAIN_SYN, listen, port);
    add_mode(writer);
    add_syn_rate(writer, FALSE);
  }
  if (writer->config->mode != NEO_RELAY_TCP)
    write_closed_rules(writer, listen, port);
}

static void write_mss_rule(const Writer *writer, const NeoAddress *listen)
{
  g_autofree char *address = neo_address_to_string(listen);

  if (!writer->config->mss)
    return;
  begin_rule(writer, NEO_RELAY_CHAIN_MSS);
  g_string_append_printf(writer->out, " -p tcp -m tcp --tcp-flags SYN,RST SYN -m conntrack --ctstate DNAT --ctorigdst %s --ctreplsrc %s -j TCPMSS",
                         address, writer->proxy);
  if (writer->config->mss == NEO_RELAY_MSS_PMTU)
    g_string_append(writer->out, " --clamp-mss-to-pmtu\n");
  else
    g_string_append_printf(writer->out, " --set-mss %u\n", writer->config->mss);
}

/*
 * Flows that stand go on after a reload to another proxy or port. The rule is first as nearly all packets are theirs, and has one match, as each
 * costs every packet: what a client sent to an address of this host and is forwarded has been mapped.
 */
static void write_established_rule(const Writer *writer, const NeoAddress *listen)
{
  g_autofree char *address = neo_address_to_string(listen);

  begin_rule(writer, NEO_RELAY_CHAIN_FORWARD);
  g_string_append_printf(writer->out, " -m conntrack --ctorigdst %s --ctstate ESTABLISHED,RELATED -j ACCEPT\n",
                         address);
}

static void write_relayed_rule(const Writer *writer, NeoRelayChain chain, const NeoAddress *listen, guint port)
{
  g_autofree char *address = neo_address_to_string(listen);

  begin_rule(writer, chain);
  g_string_append_printf(writer->out, " -d %s -p tcp -m tcp", writer->proxy);
  add_ports(writer, port);
  g_string_append_printf(writer->out, " -m conntrack --ctstate DNAT --ctorigdst %s", address);
}

static void write_guard_rules(const Writer *writer)
{
  for (guint i = 0; i < writer->side->guarded->len; i++) {
    const char *interface = writer->side->guarded->pdata[i];
    g_autofree char *input = g_str_equal(interface, "+") ? g_strdup("") : g_strconcat(" -i ", interface, NULL);

    begin_rule(writer, NEO_RELAY_CHAIN_FORWARD);
    g_string_append_printf(writer->out, "%s -m conntrack --ctstate DNAT -j RETURN\n", input);
    begin_rule(writer, NEO_RELAY_CHAIN_FORWARD);
    g_string_append_printf(writer->out, "%s -m conntrack --ctstate NEW,INVALID,UNTRACKED -j DROP\n", input);
  }
}

/* With ConnLimit= what gets past the rule that relays is over it: another one counts that, and changes nothing. */
static void write_relay_rules(const Writer *writer, const NeoAddress *listen, guint port)
{
  guint limit = writer->config->conn_limit;

  begin_syn_rule(writer, NEO_RELAY_CHAIN_IN, listen, port);
  add_mode(writer);
  if (limit)
    g_string_append_printf(writer->out, " -m connlimit --connlimit-upto %u --connlimit-mask %u", limit, client_bits(writer));
  g_string_append_printf(writer->out, " -j RELAY --to %s\n", writer->proxy);
  if (!limit)
    return;
  begin_syn_rule(writer, NEO_RELAY_CHAIN_IN, listen, port);
  add_mode(writer);
  g_string_append(writer->out, " -j RETURN\n");
}

static void write_relayback_rule(const Writer *writer, const NeoAddress *listen, guint port)
{
  write_relayed_rule(writer, NEO_RELAY_CHAIN_OUT, listen, port);
  g_string_append(writer->out, " -j RELAYBACK");
  if (writer->side->from.family) {
    g_autofree char *from = neo_address_to_string(&writer->side->from);
    g_string_append_printf(writer->out, " --from %s", from);
  }
  g_string_append_c(writer->out, '\n');
}

static void write_port_rules(const Writer *writer, const NeoAddress *listen, guint port)
{
  write_syn_rules(writer, listen, port);
  write_relayed_rule(writer, NEO_RELAY_CHAIN_FORWARD, listen, port);
  g_string_append(writer->out, " -j ACCEPT\n");
  write_relay_rules(writer, listen, port);
  write_relayback_rule(writer, listen, port);
}

char *neo_relay_rules(const NeoRelayConfig *config, const NeoRelaySide *side)
{
  g_autofree char *proxy = neo_address_to_string(&side->proxy);
  Writer writer = { config, side, g_string_new(NULL), proxy };

  for (guint i = 0; i < side->listen->len; i++) {
    const NeoAddress *listen = &g_array_index(side->listen, NeoAddress, i);
    write_established_rule(&writer, listen);
    write_mss_rule(&writer, listen);
    for (guint port = 0; port < config->ports->len; port += MAX_MULTIPORT)
      write_port_rules(&writer, listen, port);
  }
  write_guard_rules(&writer);
  return g_string_free(writer.out, FALSE);
}
