/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "systemd-units/proxy-plan.h"

#include <net/if.h>
#include <string.h>

#include "common/error.h"

/* Places in the link's network: the ends, then the host's own addresses, then the relays. */
#define HOST_PLACE 1
#define INSIDE_PLACE 2
#define PROBE_HOST_PLACE 3
#define PROBE_INSIDE_PLACE 4
#define LISTEN_PLACE 8
#define LISTEN_PLACES 24
#define RELAY_PLACE 32
#define RELAY_PLACES 223

#define FRONT_OFFSET 20000
#define LOWEST_FRONT 1024

static void uplink_clear(gpointer data)
{
  g_free(((NeoProxyUplink *)data)->link);
}

NeoProxyPlan *neo_proxy_plan_new(const char *name)
{
  NeoProxyPlan *plan = g_new0(NeoProxyPlan, 1);

  plan->name = g_strdup(name);
  plan->link = neo_proxy_link_name(name);
  plan->probe_link = neo_proxy_probe_link_name(name);
  plan->withheld = g_array_new(FALSE, FALSE, sizeof(NeoAddress));
  plan->ports = g_array_new(FALSE, FALSE, sizeof(NeoProxyPort));
  plan->relays = g_array_new(FALSE, FALSE, sizeof(NeoProxyMapping));
  plan->listen = g_array_new(FALSE, FALSE, sizeof(NeoProxyMapping));
  plan->uplinks = g_array_new(FALSE, FALSE, sizeof(NeoProxyUplink));
  g_array_set_clear_func(plan->uplinks, uplink_clear);
  plan->resolvers = g_array_new(FALSE, FALSE, sizeof(NeoAddress));
  plan->host_resolvers = g_array_new(FALSE, FALSE, sizeof(NeoAddress));
  return plan;
}

void neo_proxy_plan_free(NeoProxyPlan *plan)
{
  if (!plan)
    return;
  g_free(plan->name);
  g_free(plan->link);
  g_free(plan->probe_link);
  g_array_unref(plan->withheld);
  g_array_unref(plan->ports);
  g_array_unref(plan->relays);
  g_array_unref(plan->listen);
  g_array_unref(plan->uplinks);
  g_array_unref(plan->resolvers);
  g_array_unref(plan->host_resolvers);
  g_free(plan);
}

char *neo_proxy_link_name(const char *name)
{
  return g_strconcat("neo-", name, NULL);
}

char *neo_proxy_probe_link_name(const char *name)
{
  return g_strconcat("nep-", name, NULL);
}

/* The dot is in no proxy's name. */
char *neo_proxy_probe_name(const char *name)
{
  return g_strconcat(name, ".probe", NULL);
}

char *neo_proxy_chain_name(const char *name, const char *suffix)
{
  return g_strconcat("neo-px-", name, "-", suffix, NULL);
}

/* @size bytes that follow from @name and @salt, spread evenly. */
static void derive(const char *name, guint salt, guint8 *ret_bytes, gsize size)
{
  g_autofree char *text = g_strdup_printf("neo-proxy %s %u", name, salt);
  g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
  guint8 digest[32];
  gsize length = sizeof digest;

  g_checksum_update(checksum, (const guchar *)text, -1);
  g_checksum_get_digest(checksum, digest, &length);
  memcpy(ret_bytes, digest, MIN(size, length));
}

void neo_proxy_mac(const char *name, gboolean inside, guint8 ret_mac[static 6])
{
  derive(name, 0, ret_mac, 6);
  ret_mac[0] = 0x02;
  ret_mac[5] = (ret_mac[5] & 0xfe) | inside;
}

/* RFC 6598 first: seldom used inside a host; then RFC 1918. */
static const struct {
  const char *pool;
  guint32 networks;
} pools[] = { { "100.64.0.0/10", 1 << 14 }, { "10.0.0.0/8", 1 << 16 } };

static gboolean derive_subnet(const char *name, const NeoProxyHost *host, NeoPrefix *ret_subnet)
{
  guint32 start;

  derive(name, 1, (guint8 *)&start, sizeof start);
  start = GUINT32_FROM_BE(start);
  for (guint i = 0; i < G_N_ELEMENTS(pools); i++)
    for (guint32 n = 0; n < pools[i].networks; n++) {
      NeoPrefix pool, subnet = { .length = 24 };
      neo_prefix_parse(pools[i].pool, &pool);
      subnet.address = neo_prefix_nth(&pool, (start + n) % pools[i].networks * 256);
      if (!neo_proxy_host_overlap(host, &subnet)) {
        *ret_subnet = subnet;
        return TRUE;
      }
    }
  return FALSE;
}

/* RFC 4193, with a global ID that follows from the name. */
static gboolean derive_subnet6(const char *name, const NeoProxyHost *host, NeoPrefix *ret_subnet)
{
  for (guint salt = 2; salt < 64; salt++) {
    NeoPrefix subnet = { { .family = AF_INET6 }, 64 };
    derive(name, salt, subnet.address.bytes, 6);
    subnet.address.bytes[0] = 0xfd;
    if (!neo_proxy_host_overlap(host, &subnet)) {
      *ret_subnet = subnet;
      return TRUE;
    }
  }
  return FALSE;
}

void neo_proxy_plan_ends(NeoProxyPlan *plan)
{
  const NeoPrefix *subnets[] = { &plan->subnet, &plan->subnet6 };

  for (guint i = 0; i < (plan->ipv6 ? 2 : 1); i++) {
    plan->host[i] = neo_prefix_nth(subnets[i], HOST_PLACE);
    plan->inside[i] = neo_prefix_nth(subnets[i], INSIDE_PLACE);
    plan->probe_host[i] = neo_prefix_nth(subnets[i], PROBE_HOST_PLACE);
    plan->probe_inside[i] = neo_prefix_nth(subnets[i], PROBE_INSIDE_PLACE);
  }
}

static gboolean plan_networks(NeoProxyPlan *plan, const NeoProxyConfig *config, const NeoProxyHost *host,
                              const NeoProxyPlan *before, GError **error)
{
  gboolean found = TRUE;

  plan->subnet = config->subnet;
  plan->subnet6 = config->subnet6;
  if (!plan->subnet.length && before && !neo_proxy_host_overlap(host, &before->subnet))
    plan->subnet = before->subnet;
  if (!plan->subnet6.length && before && before->ipv6 && !neo_proxy_host_overlap(host, &before->subnet6))
    plan->subnet6 = before->subnet6;
  if (!plan->subnet.length)
    found = derive_subnet(plan->name, host, &plan->subnet);
  if (plan->ipv6 && !plan->subnet6.length)
    found &= derive_subnet6(plan->name, host, &plan->subnet6);
  if (!found) {
    g_set_error(error, NEO_ERROR, NEO_ERROR_SYSTEM,
                "no network is free of the host's routes; set Subnet= and Subnet6=");
    return FALSE;
  }
  neo_proxy_plan_ends(plan);
  return TRUE;
}

const NeoProxyMapping *neo_proxy_mapping_find(const GArray *mappings, const NeoAddress *address)
{
  for (guint i = 0; mappings && i < mappings->len; i++) {
    const NeoProxyMapping *mapping = &g_array_index(mappings, NeoProxyMapping, i);
    if (neo_address_equal(&mapping->address, address))
      return mapping;
  }
  return NULL;
}

static gboolean is_placed(const GArray *mappings, const NeoAddress *mapped)
{
  for (guint i = 0; mappings && i < mappings->len; i++)
    if (neo_address_equal(&g_array_index(mappings, NeoProxyMapping, i).mapped, mapped))
      return TRUE;
  return FALSE;
}

static gboolean give_place(const NeoPrefix *subnet, guint first, guint places, const GArray *now, const GArray *before,
                           NeoAddress *ret_mapped)
{
  for (guint i = 0; i < places; i++) {
    NeoAddress candidate = neo_prefix_nth(subnet, first + i);
    /* A place that was somebody's a moment ago still has connections. */
    if (!is_placed(now, &candidate) && !is_placed(before, &candidate)) {
      *ret_mapped = candidate;
      return TRUE;
    }
  }
  return FALSE;
}

static gboolean place(const NeoProxyPlan *plan, const GArray *addresses, guint first, guint places,
                      const GArray *before, GArray *mappings, GError **error)
{
  for (guint i = 0; addresses && i < addresses->len; i++) {
    NeoProxyMapping mapping = { .address = g_array_index(addresses, NeoAddress, i) };
    const NeoPrefix *subnet = mapping.address.family == AF_INET ? &plan->subnet : &plan->subnet6;
    const NeoProxyMapping *old = neo_proxy_mapping_find(before, &mapping.address);

    if (old && neo_prefix_contains(subnet, &old->mapped))
      mapping.mapped = old->mapped;
    else if (!give_place(subnet, first, places, mappings, before, &mapping.mapped)) {
      g_set_error(error, NEO_ERROR, NEO_ERROR_SYSTEM, "too many addresses at once; at most %u", places);
      return FALSE;
    }
    g_array_append_val(mappings, mapping);
  }
  return TRUE;
}

static void add_uplink(NeoProxyPlan *plan, guint link, sa_family_t family)
{
  char name[IF_NAMESIZE];

  if (!link || !if_indextoname(link, name))
    return;
  for (guint i = 0; i < plan->uplinks->len; i++) {
    const NeoProxyUplink *uplink = &g_array_index(plan->uplinks, NeoProxyUplink, i);
    if (uplink->family == family && g_str_equal(uplink->link, name))
      return;
  }
  NeoProxyUplink uplink = { g_strdup(name), family, FALSE };
  g_array_append_val(plan->uplinks, uplink);
}

static void plan_uplinks(NeoProxyPlan *plan, const NeoProxyHost *host)
{
  add_uplink(plan, neo_proxy_host_uplink(host, AF_INET), AF_INET);
  add_uplink(plan, neo_proxy_host_uplink(host, AF_INET6), AF_INET6);
  for (guint i = 0; i < plan->listen->len; i++) {
    const NeoAddress *address = &g_array_index(plan->listen, NeoProxyMapping, i).address;
    add_uplink(plan, neo_proxy_host_link_of(host, address), address->family);
  }
}

static gboolean any_ipv6(const GArray *addresses)
{
  for (guint i = 0; addresses && i < addresses->len; i++)
    if (g_array_index(addresses, NeoAddress, i).family == AF_INET6)
      return TRUE;
  return FALSE;
}

static gboolean port_taken(const GArray *ports, const GArray *pairs, guint16 candidate)
{
  for (guint i = 0; i < ports->len; i++)
    if (g_array_index(ports, guint16, i) == candidate)
      return TRUE;
  for (guint i = 0; i < pairs->len; i++)
    if (g_array_index(pairs, NeoProxyPort, i).inside == candidate)
      return TRUE;
  return FALSE;
}

GArray *neo_proxy_front_ports(const GArray *ports, gboolean front)
{
  GArray *pairs = g_array_new(FALSE, FALSE, sizeof(NeoProxyPort));

  for (guint i = 0; i < ports->len; i++) {
    guint16 port = g_array_index(ports, guint16, i);
    guint candidate = port + FRONT_OFFSET;
    while (front && (candidate > G_MAXUINT16 || port_taken(ports, pairs, candidate)))
      candidate = candidate >= G_MAXUINT16 ? LOWEST_FRONT : candidate + 1;
    NeoProxyPort pair = { port, front ? candidate : port };
    g_array_append_val(pairs, pair);
  }
  return pairs;
}

gboolean neo_proxy_plan_withholds(const NeoProxyPlan *plan, const NeoAddress *relay)
{
  for (guint i = 0; i < plan->withheld->len; i++)
    if (neo_address_equal(&g_array_index(plan->withheld, NeoAddress, i), relay))
      return TRUE;
  return FALSE;
}

/* A relay that nobody has tried yet is not announced. */
static void plan_withheld(NeoProxyPlan *plan, const NeoProxyPlan *before)
{
  for (guint i = 0; plan->probe && i < plan->relays->len; i++) {
    const NeoAddress *relay = &g_array_index(plan->relays, NeoProxyMapping, i).address;
    if (!before || !neo_proxy_mapping_find(before->relays, relay) || neo_proxy_plan_withholds(before, relay))
      g_array_append_vals(plan->withheld, relay, 1);
  }
}

static void plan_resolvers(NeoProxyPlan *plan, const GArray *resolvers, const NeoProxyHost *host)
{
  for (guint i = 0; i < resolvers->len; i++) {
    NeoAddress resolver = g_array_index(resolvers, NeoAddress, i);
    g_array_append_val(plan->resolvers, resolver);
    if (neo_proxy_host_link_of(host, &resolver))
      g_array_append_val(plan->host_resolvers, resolver);
  }
}

NeoProxyPlan *neo_proxy_plan_make(const char *name, const NeoProxyConfig *config, const NeoProxyHost *host,
                                  const GArray *resolvers, const NeoProxyPlan *before, GError **error)
{
  g_autoptr(NeoProxyPlan) plan = neo_proxy_plan_new(name);
  g_autoptr(GArray) listen = config->listen ? g_array_ref(config->listen) : neo_proxy_host_public(host);

  if (listen->len == 0) {
    g_set_error(error, NEO_ERROR, NEO_ERROR_SYSTEM,
                "the host has no default route with a lasting address; set Listen=");
    return NULL;
  }
  plan->front = config->mptcp == NEO_PROXY_FRONT;
  plan->backup = config->backup;
  plan->probe = config->probe;
  /* Once there it stays until a stop: an IPv6 route may be gone for a moment only. */
  plan->ipv6 =
      any_ipv6(listen) || any_ipv6(config->relays) || neo_proxy_host_uplink(host, AF_INET6) || (before && before->ipv6);
  g_array_unref(plan->ports);
  plan->ports = neo_proxy_front_ports(config->ports, plan->front);
  if (!plan_networks(plan, config, host, before, error) ||
      !place(plan, listen, LISTEN_PLACE, LISTEN_PLACES, before ? before->listen : NULL, plan->listen, error) ||
      !place(plan, config->relays, RELAY_PLACE, RELAY_PLACES, before ? before->relays : NULL, plan->relays, error))
    return NULL;
  plan_withheld(plan, before);
  plan_uplinks(plan, host);
  plan_resolvers(plan, resolvers, host);
  return g_steal_pointer(&plan);
}

static void append_mappings(GString *text, const char *title, const GArray *mappings)
{
  for (guint i = 0; i < mappings->len; i++) {
    const NeoProxyMapping *mapping = &g_array_index(mappings, NeoProxyMapping, i);
    g_autofree char *address = neo_address_to_string(&mapping->address),
                    *mapped = neo_address_to_string(&mapping->mapped);
    g_string_append_printf(text, "%s %s, on the link %s\n", title, address, mapped);
  }
}

char *neo_proxy_plan_to_string(const NeoProxyPlan *plan)
{
  GString *text = g_string_new(NULL);

  g_string_append_printf(text, "namespace neo-%s, link %s\n", plan->name, plan->link);
  for (guint i = 0; i < (plan->ipv6 ? 2 : 1); i++) {
    g_autofree char *host = neo_address_to_string(&plan->host[i]), *inside = neo_address_to_string(&plan->inside[i]);
    g_string_append_printf(text, "host %s, inside %s\n", host, inside);
  }
  for (guint i = 0; plan->probe && i < (plan->ipv6 ? 2 : 1); i++) {
    g_autofree char *inside = neo_address_to_string(&plan->probe_inside[i]);
    g_string_append_printf(text, "probe %s, link %s\n", inside, plan->probe_link);
  }
  for (guint i = 0; i < plan->ports->len; i++) {
    const NeoProxyPort *port = &g_array_index(plan->ports, NeoProxyPort, i);
    g_string_append_printf(text, "port %u, MPTCP taken on %u inside\n", port->port, port->inside);
  }
  append_mappings(text, "listen", plan->listen);
  append_mappings(text, "relay", plan->relays);
  for (guint i = 0; i < plan->uplinks->len; i++) {
    const NeoProxyUplink *uplink = &g_array_index(plan->uplinks, NeoProxyUplink, i);
    g_string_append_printf(text, "outside %s %s%s\n", uplink->link, uplink->family == AF_INET ? "IPv4" : "IPv6",
                           uplink->guarded ? ", forwards for the proxy alone" : "");
  }
  for (guint i = 0; i < plan->resolvers->len; i++) {
    g_autofree char *resolver = neo_address_to_string(&g_array_index(plan->resolvers, NeoAddress, i));
    g_string_append_printf(text, "resolver %s\n", resolver);
  }
  return g_string_free(text, FALSE);
}
