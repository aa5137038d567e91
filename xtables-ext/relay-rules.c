/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "xtables-ext/relay-rules.h"

#include <string.h>

#include "common/forwarding.h"

/*
 * Relays share a chain at each of these places, which is called from its head with a match that holds off what no relay can want. It calls a chain
 * of the relay's own for each address and port where the relay listens (or, behind the mapping, where it forwards to), so that a packet costs
 * each other relay one compare of addresses and ports.
 *   raw PREROUTING    neo-syn    SYNs: SynRate=; what may not begin here is not tracked, so that a flood of it does not fill the table of connections
 *   raw OUTPUT        neo-end    what a relay that is drained sends itself is not tracked (relay-drain-rules.c)
 *   mangle FORWARD    neo-mss    SYNs and their answers: Mss=
 *   filter FORWARD    neo-reset  TCP that was mapped: flows of a relay that is drained get a reset
 *                     neo-fwd    no chains: accepts what belongs to flows from a relay's address that were let through
 *                     neo-begin  begins and was mapped: accepted if this relay has mapped it
 *                     neo-guard  no chains: drops what an interface forwards only because of relays
 *   nat PREROUTING    neo-in     RELAY
 *   nat POSTROUTING   neo-out    was mapped: RELAYBACK
 * The rules of neo-fwd and neo-guard are the same for all relays with that address or interface, stand once, and are written as iptables-save(8)
 * prints them, by which they are found again. So nearly all packets, which are of connections that stand, meet one rule in filter FORWARD,
 * and the match that calls neo-syn, however many relays there are.
 * nat comes behind filter, so that nothing is mapped before it may pass. To refuse in filter INPUT what may not begin would cost standing
 * connections less, but a firewall beside it that drops would no longer make the port look like any other.
 */
#define SYN "-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN"
#define BEGINS_OR_ANSWERS "-p tcp -m tcp --tcp-flags SYN,RST SYN"
#define MAPPED "-p tcp -m conntrack --ctstate DNAT"
#define NEW_AND_MAPPED "-p tcp -m conntrack --ctstate NEW -m conntrack --ctstate DNAT"

const NeoIptablesBase neo_relay_bases[NEO_RELAY_N_CHAINS] = {
  [NEO_RELAY_CHAIN_SYN] = { "raw", "PREROUTING", SYN },
  [NEO_RELAY_CHAIN_END] = { "raw", "OUTPUT", "-p tcp" },
  [NEO_RELAY_CHAIN_MSS] = { "mangle", "FORWARD", BEGINS_OR_ANSWERS },
  [NEO_RELAY_CHAIN_GUARD] = { "filter", "FORWARD", NULL },
  [NEO_RELAY_CHAIN_FORWARD] = { "filter", "FORWARD", NEW_AND_MAPPED },
  [NEO_RELAY_CHAIN_STANDING] = { "filter", "FORWARD", NULL },
  [NEO_RELAY_CHAIN_RESET] = { "filter", "FORWARD", MAPPED },
  [NEO_RELAY_CHAIN_IN] = { "nat", "PREROUTING", "-p tcp" },
  [NEO_RELAY_CHAIN_OUT] = { "nat", "POSTROUTING", MAPPED },
};

static const struct {
  const char *shared;
  const char *prefix; /* of the chain that a relay has for itself */
} chains[NEO_RELAY_N_CHAINS] = {
  [NEO_RELAY_CHAIN_SYN] = { "neo-syn", "neo-syn-" },   [NEO_RELAY_CHAIN_END] = { "neo-end", "neo-end-" },
  [NEO_RELAY_CHAIN_MSS] = { "neo-mss", "neo-mss-" },   [NEO_RELAY_CHAIN_GUARD] = { "neo-guard", NULL },
  [NEO_RELAY_CHAIN_FORWARD] = { "neo-begin", "neo-fwd-" }, [NEO_RELAY_CHAIN_STANDING] = { "neo-fwd", NULL },
  [NEO_RELAY_CHAIN_RESET] = { "neo-reset", "neo-rst-" }, [NEO_RELAY_CHAIN_IN] = { "neo-in", "neo-in-" },
  [NEO_RELAY_CHAIN_OUT] = { "neo-out", "neo-out-" },
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

const char *neo_relay_shared_chain(NeoRelayChain chain)
{
  return chains[chain].shared;
}

char *neo_relay_chain_name(NeoRelayChain chain, const char *name)
{
  if (!chains[chain].prefix)
    return NULL;
  g_autofree char *suffix = suffix_of(name);
  return g_strconcat(chains[chain].prefix, suffix, NULL);
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

/* @side: "d" for those of destinations, "s" for those of sources. */
static void add_ports(const Writer *writer, const char *side, guint first)
{
  GArray *ports = writer->config->ports;
  guint end = MIN(first + MAX_MULTIPORT, ports->len);

  if (ports->len == 1) {
    g_string_append_printf(writer->out, " --%sport %u", side, g_array_index(ports, guint16, 0));
    return;
  }
  g_string_append_printf(writer->out, " -m multiport --%sports ", side);
  for (guint i = first; i < end; i++)
    g_string_append_printf(writer->out, "%s%u", i == first ? "" : ",", g_array_index(ports, guint16, i));
}

/* The rule by which all relays' chain calls this one's, for what comes from or goes to (@side) these ports of @address. */
static void write_call(const Writer *writer, NeoRelayChain chain, const char *side, const char *address, guint port)
{
  g_autofree char *own = neo_relay_chain_name(chain, writer->config->name);

  g_string_append_printf(writer->out, "-A %s -%s %s -p tcp -m tcp", chains[chain].shared, side, address);
  add_ports(writer, side, port);
  g_string_append_printf(writer->out, " -j %s\n", own);
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
static void write_closed_rules(const Writer *writer)
{
  begin_rule(writer, NEO_RELAY_CHAIN_SYN);
  g_string_append(writer->out, " -p tcp");
  add_mode(writer);
  g_string_append(writer->out, " -j RETURN\n");
  if (writer->config->syn_rate) {
    begin_rule(writer, NEO_RELAY_CHAIN_SYN);
    add_syn_rate(writer, TRUE);
  }
  begin_rule(writer, NEO_RELAY_CHAIN_SYN);
  g_string_append(writer->out, " -j CT --notrack\n");
}

/* Dropped and not refused: the client's kernel tries again a second later. */
static void write_syn_rules(const Writer *writer)
{
  if (writer->config->syn_rate) {
    begin_rule(writer, NEO_RELAY_CHAIN_SYN);
    g_string_append(writer->out, " -p tcp");
    add_mode(writer);
    add_syn_rate(writer, FALSE);
  }
  if (writer->config->mode != NEO_RELAY_TCP)
    write_closed_rules(writer);
}

static void write_mss_rule(const Writer *writer, const char *listen)
{
  begin_rule(writer, NEO_RELAY_CHAIN_MSS);
  g_string_append_printf(writer->out, " " BEGINS_OR_ANSWERS " -m conntrack --ctstate DNAT --ctorigdst %s --ctreplsrc %s -j TCPMSS",
                         listen, writer->proxy);
  if (writer->config->mss == NEO_RELAY_MSS_PMTU)
    g_string_append(writer->out, " --clamp-mss-to-pmtu\n");
  else
    g_string_append_printf(writer->out, " --set-mss %u\n", writer->config->mss);
}

/*
 * Flows that stand go on after a reload to another proxy or port. It has one match, as each costs every packet: what a client sent to an
 * address of this host and is forwarded has been mapped.
 */
static void write_standing_rule(const Writer *writer, const char *listen)
{
  g_string_append_printf(writer->out, "-A %s -m conntrack --ctstate RELATED,ESTABLISHED --ctorigdst %s -j ACCEPT\n",
                         chains[NEO_RELAY_CHAIN_STANDING].shared, listen);
}

static void write_accept_rule(const Writer *writer, const char *listen)
{
  begin_rule(writer, NEO_RELAY_CHAIN_FORWARD);
  g_string_append_printf(writer->out, " -m conntrack --ctorigdst %s -j ACCEPT\n", listen);
}

static void write_guard_rules(const Writer *writer)
{
  for (guint i = 0; i < writer->side->guarded->len; i++) {
    const char *interface = writer->side->guarded->pdata[i];
    g_autofree char *input = g_str_equal(interface, "+") ? g_strdup("") : g_strconcat(" -i ", interface, NULL);

    g_string_append_printf(writer->out, "-A %s%s -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP\n",
                           chains[NEO_RELAY_CHAIN_GUARD].shared, input);
  }
}

/* The start of a rule for a SYN from a client to the relay. */
static void begin_syn_rule(const Writer *writer, const char *listen, guint port)
{
  begin_rule(writer, NEO_RELAY_CHAIN_IN);
  g_string_append_printf(writer->out, " -d %s -p tcp -m tcp --syn", listen);
  add_ports(writer, "d", port);
  add_mode(writer);
}

/* With ConnLimit= what gets past the rule that relays is over it: another one counts that, and changes nothing. */
static void write_relay_rules(const Writer *writer, const char *listen, guint port)
{
  guint limit = writer->config->conn_limit;

  begin_syn_rule(writer, listen, port);
  if (limit)
    g_string_append_printf(writer->out, " -m connlimit --connlimit-upto %u --connlimit-mask %u", limit, client_bits(writer));
  g_string_append_printf(writer->out, " -j RELAY --to %s\n", writer->proxy);
  if (!limit)
    return;
  begin_syn_rule(writer, listen, port);
  g_string_append(writer->out, " -j RETURN\n");
}

static void write_relayback_rule(const Writer *writer, const char *listen)
{
  begin_rule(writer, NEO_RELAY_CHAIN_OUT);
  g_string_append_printf(writer->out, " -d %s -p tcp -m conntrack --ctorigdst %s -j RELAYBACK", writer->proxy, listen);
  if (writer->side->from.family) {
    g_autofree char *from = neo_address_to_string(&writer->side->from);
    g_string_append_printf(writer->out, " --from %s", from);
  }
  g_string_append_c(writer->out, '\n');
}

static gboolean has_syn_rules(const Writer *writer)
{
  return writer->config->syn_rate || writer->config->mode != NEO_RELAY_TCP;
}

static void write_listen_rules(const Writer *writer, const char *listen)
{
  write_standing_rule(writer, listen);
  write_accept_rule(writer, listen);
  if (writer->config->mss)
    write_mss_rule(writer, listen);
  for (guint port = 0; port < writer->config->ports->len; port += MAX_MULTIPORT) {
    if (has_syn_rules(writer))
      write_call(writer, NEO_RELAY_CHAIN_SYN, "d", listen, port);
    write_call(writer, NEO_RELAY_CHAIN_IN, "d", listen, port);
    write_relay_rules(writer, listen, port);
  }
  write_relayback_rule(writer, listen);
}

/* What is behind the mapping is known by the proxy's address and ports. */
static void write_proxy_calls(const Writer *writer)
{
  for (guint port = 0; port < writer->config->ports->len; port += MAX_MULTIPORT) {
    write_call(writer, NEO_RELAY_CHAIN_FORWARD, "d", writer->proxy, port);
    write_call(writer, NEO_RELAY_CHAIN_OUT, "d", writer->proxy, port);
    if (!writer->config->mss)
      continue;
    write_call(writer, NEO_RELAY_CHAIN_MSS, "d", writer->proxy, port);
    write_call(writer, NEO_RELAY_CHAIN_MSS, "s", writer->proxy, port);
  }
}

char *neo_relay_rules(const NeoRelayConfig *config, const NeoRelaySide *side)
{
  g_autofree char *proxy = neo_address_to_string(&side->proxy);
  Writer writer = { config, side, g_string_new(NULL), proxy };

  write_syn_rules(&writer);
  for (guint i = 0; i < side->listen->len; i++) {
    g_autofree char *listen = neo_address_to_string(&g_array_index(side->listen, NeoAddress, i));
    write_listen_rules(&writer, listen);
  }
  write_proxy_calls(&writer);
  write_guard_rules(&writer);
  return g_string_free(writer.out, FALSE);
}
