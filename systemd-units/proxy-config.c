/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "systemd-units/proxy-config.h"

#include <string.h>

#include "common/config.h"
#include "common/error.h"

/* IFNAMSIZ leaves 15 bytes, "neo-" takes 4. */
#define NAME_MAX_LENGTH 11
/* UNIT_NAME_MAX of systemd. */
#define UNIT_MAX_LENGTH 255

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"

gboolean neo_proxy_name_valid(const char *name)
{
  gsize length = strlen(name);
  return length >= 1 && length <= NAME_MAX_LENGTH && strspn(name, LETTERS "-") == length && *name != '-';
}

static gboolean parse_service(const NeoConfigKey *key, const char *value, gpointer field, NeoConfigProblem *problem)
{
  static const char suffix[] = ".service";
  gsize length = strlen(value), stem = length - MIN(length, strlen(suffix));
  const char *at = strchr(value, '@');

  /* The characters of systemd.unit(5); a template without an instance cannot run. */
  if (strspn(value, LETTERS ":-.\\@") != length || length > UNIT_MAX_LENGTH || stem == 0 || *value == '@' ||
      !g_str_has_suffix(value, suffix) || (at && at + 1 == value + stem)) {
    *problem = (NeoConfigProblem){ "not the name of a service", "a unit such as v2ray.service or server@main.service" };
    return FALSE;
  }
  return neo_config_string(key, value, field, problem);
}

static const char *const mptcp_names[] = { [NEO_PROXY_FRONT] = "front", [NEO_PROXY_NATIVE] = "native", NULL };

#define FIELD(name) G_STRUCT_OFFSET(NeoProxyConfig, name)
static const NeoConfigKey keys[] = {
  { "Service", parse_service, FIELD(service), NEO_CONFIG_REQUIRED },
  { "Ports", neo_config_ports, FIELD(ports), NEO_CONFIG_LIST | NEO_CONFIG_REQUIRED },
  { "Relays", neo_config_addresses, FIELD(relays), NEO_CONFIG_LIST },
  { "Listen", neo_config_addresses, FIELD(listen), NEO_CONFIG_LIST },
  { "Subnet", neo_config_prefix, FIELD(subnet) },
  { "Subnet6", neo_config_prefix, FIELD(subnet6) },
  { "Mptcp", neo_config_enum, FIELD(mptcp), .data = mptcp_names },
  { "Backup", neo_config_bool, FIELD(backup) },
  { "Probe", neo_config_bool, FIELD(probe) },
  { "Resolver", neo_config_addresses, FIELD(resolvers), NEO_CONFIG_LIST },
  { NULL },
};

static void complain(NeoConfigReport *report, const char *key, const NeoAddress *address, const char *what,
                     const char *expected)
{
  g_autofree char *text = neo_address_to_string(address);
  neo_config_report(report, key, text, what, expected);
}

static gboolean contains(const GArray *addresses, guint n, const NeoAddress *address)
{
  for (guint i = 0; addresses && i < n; i++)
    if (neo_address_equal(&g_array_index(addresses, NeoAddress, i), address))
      return TRUE;
  return FALSE;
}

static gboolean is_unicast(const NeoAddress *address)
{
  return !neo_address_is_loopback(address) && !neo_address_is_multicast(address) &&
         !neo_address_is_unspecified(address) && !neo_address_is_link_local(address);
}

static void check_addresses(NeoConfigReport *report, const char *key, const GArray *addresses)
{
  for (guint i = 0; addresses && i < addresses->len; i++) {
    const NeoAddress *address = &g_array_index(addresses, NeoAddress, i);
    if (!is_unicast(address))
      complain(report, key, address,
               "not an address that others can reach:", "one that is not loopback, link-local or multicast");
    if (contains(addresses, i, address))
      complain(report, key, address, "given twice:", "each address once");
  }
}

static void check_relays(NeoConfigReport *report, const NeoProxyConfig *config, const GArray *listen)
{
  for (guint i = 0; config->relays && i < config->relays->len; i++) {
    const NeoAddress *relay = &g_array_index(config->relays, NeoAddress, i);
    if ((listen && contains(listen, listen->len, relay)) ||
        (config->host && neo_proxy_host_link_of(config->host, relay)))
      complain(report, "Relays", relay,
               "an address of this host:", "the address of another host, that forwards to this one");
  }
}

static void check_ports(NeoConfigReport *report, const NeoProxyConfig *config)
{
  for (guint i = 0; config->ports && i < config->ports->len; i++)
    for (guint j = 0; j < i; j++) {
      guint16 port = g_array_index(config->ports, guint16, i);
      if (port == g_array_index(config->ports, guint16, j)) {
        g_autofree char *text = g_strdup_printf("%u", port);
        neo_config_report(report, "Ports", text, "given twice:", "each port once");
      }
    }
}

static void check_network(NeoConfigReport *report, const char *key, const NeoPrefix *prefix, sa_family_t family,
                          guint longest, const char *expected, const NeoProxyHost *host)
{
  g_autofree char *address = neo_address_to_string(&prefix->address);
  g_autofree char *text = g_strdup_printf("%s/%u", address, prefix->length);

  if (!prefix->address.family)
    return;
  if (prefix->address.family != family || prefix->length < 8 || prefix->length > longest ||
      !is_unicast(&prefix->address))
    neo_config_report(report, key, text, "does not fit the link:", expected);
  else if (host && neo_proxy_host_overlap(host, prefix))
    neo_config_report(report, key, text, "a route of this host leads into", "a network that the host has no route to");
}

static gboolean share_port(const NeoProxyConfig *config, const NeoProxyOther *other, guint16 *ret_port)
{
  for (guint i = 0; config->ports && i < config->ports->len; i++)
    for (guint j = 0; j < other->ports->len; j++)
      if (g_array_index(config->ports, guint16, i) == g_array_index(other->ports, guint16, j)) {
        *ret_port = g_array_index(other->ports, guint16, j);
        return TRUE;
      }
  return FALSE;
}

static void check_other(NeoConfigReport *report, const NeoProxyConfig *config, const GArray *listen,
                        const NeoProxyOther *other)
{
  guint16 port;

  if (!share_port(config, other, &port))
    return;
  for (guint i = 0; i < listen->len; i++)
    if (contains(other->listen, other->listen->len, &g_array_index(listen, NeoAddress, i))) {
      g_autofree char *text = g_strdup_printf("%u", port),
                      *what = g_strdup_printf("the proxy \"%s\" has the port", other->name);
      neo_config_report(report, "Ports", text, what, "a port of its own, or another Listen address");
      return;
    }
}

static void check(gpointer data, NeoConfigReport *report)
{
  const NeoProxyConfig *config = data;
  const NeoProxyHost *host = config->host;
  g_autoptr(GArray) listen = config->listen ? g_array_ref(config->listen) : host ? neo_proxy_host_public(host) : NULL;

  check_addresses(report, "Relays", config->relays);
  check_addresses(report, "Listen", config->listen);
  check_addresses(report, "Resolver", config->resolvers);
  check_relays(report, config, listen);
  check_ports(report, config);
  check_network(report, "Subnet", &config->subnet, AF_INET, 24, "an IPv4 network from /8 to /24", host);
  check_network(report, "Subnet6", &config->subnet6, AF_INET6, 64, "an IPv6 network from /8 to /64", host);
  for (guint i = 0; host && i < host->others->len; i++)
    check_other(report, config, listen, host->others->pdata[i]);
}

static const NeoConfigSchema schema = { "Proxy", keys, .check = check };

NeoProxyConfig *neo_proxy_config_load(const char *path, const NeoProxyHost *host, char **ret_service, GError **error)
{
  g_autoptr(NeoProxyConfig) config = g_new0(NeoProxyConfig, 1);

  config->host = host;
  if (neo_config_load(path, &schema, config, error))
    return g_steal_pointer(&config);
  if (ret_service)
    *ret_service = g_steal_pointer(&config->service);
  return NULL;
}

static void unref_array(GArray *array)
{
  if (array)
    g_array_unref(array);
}

void neo_proxy_config_free(NeoProxyConfig *config)
{
  if (!config)
    return;
  g_free(config->service);
  unref_array(config->ports);
  unref_array(config->relays);
  unref_array(config->listen);
  unref_array(config->resolvers);
  g_free(config);
}
