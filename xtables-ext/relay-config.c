/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "xtables-ext/relay-config.h"

#include <string.h>

#include "common/config.h"
#include "xtables-ext/relay-drain.h"

/* Defaults that no gateway of 64 paths reaches in normal use, as all its paths may come from one address behind NAT. */
enum { DEFAULT_CONN_LIMIT = 4096, DEFAULT_SYN_RATE = 500, MAX_DRAIN_TIME = 60000 };

static const char *const modes[] = { "mptcp", "join", "tcp", NULL };

const char *neo_relay_proxy_problem(const NeoAddress *address)
{
  if (neo_address_is_loopback(address))
    return "a loopback address";
  if (neo_address_is_multicast(address))
    return "a multicast address";
  if (neo_address_is_unspecified(address))
    return "the unspecified address";
  if (neo_address_is_link_local(address))
    return "a link-local address";
  return NULL;
}

static gboolean is_host_name(const char *text)
{
  static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.";
  gsize length = strlen(text);

  /* A name of digits and dots alone is a mistyped address. */
  return length <= 253 && g_ascii_isalnum(text[0]) && strspn(text, letters) == length && strspn(text, "0123456789.") < length;
}

static gboolean parse_proxy(const NeoConfigKey *key, const char *value, gpointer field, NeoConfigProblem *problem)
{
  NeoAddress address;
  gboolean numeric = neo_address_parse(value, &address);
  const char *what = numeric ? neo_relay_proxy_problem(&address) : is_host_name(value) ? NULL : "not an address or name";

  if (what) {
    *problem = (NeoConfigProblem){ what, "the address or host name of another host, without a port" };
    return FALSE;
  }
  return neo_config_string(key, value, field, problem);
}

static gboolean parse_mss(const NeoConfigKey *key, const char *value, gpointer field, NeoConfigProblem *problem)
{
  guint64 number;

  if (g_str_equal(value, "pmtu")) {
    *(guint *)field = NEO_RELAY_MSS_PMTU;
    return TRUE;
  }
  /* 536 and 1220 are the least that every IPv4 and IPv6 path carries (RFC 9293, section 3.7.1). */
  if (!g_ascii_string_to_unsigned(value, 10, 536, 65495, &number, NULL)) {
    *problem = (NeoConfigProblem){ "not a segment size", "bytes from 536 to 65495, or pmtu" };
    return FALSE;
  }
  *(guint *)field = number;
  return TRUE;
}

/* systemd gives a stop 90 s (TimeoutStopSec=), which the rest of it needs too. */
static gboolean parse_drain_time(const NeoConfigKey *key, const char *value, gpointer field, NeoConfigProblem *problem)
{
  guint time = 0;

  if (neo_config_milliseconds(key, value, &time, problem) && time <= MAX_DRAIN_TIME) {
    *(guint *)field = time;
    return TRUE;
  }
  *problem = (NeoConfigProblem){ "not a time that draining may take", "a time from 0 to 60s such as 500ms or 5s" };
  return FALSE;
}

static const NeoConfigKey keys[] = {
  { "Proxy", parse_proxy, offsetof(NeoRelayConfig, proxy), NEO_CONFIG_REQUIRED },
  { "Ports", neo_config_ports, offsetof(NeoRelayConfig, ports), NEO_CONFIG_REQUIRED | NEO_CONFIG_LIST },
  { "Listen", neo_config_addresses, offsetof(NeoRelayConfig, listen), NEO_CONFIG_LIST },
  { "Mode", neo_config_enum, offsetof(NeoRelayConfig, mode), .data = modes },
  { "From", neo_config_addresses, offsetof(NeoRelayConfig, from), NEO_CONFIG_LIST },
  { "ConnLimit", neo_config_uint, offsetof(NeoRelayConfig, conn_limit), .max = 1000000 },
  { "SynRate", neo_config_uint, offsetof(NeoRelayConfig, syn_rate), .max = 100000 },
  { "Mss", parse_mss, offsetof(NeoRelayConfig, mss) },
  { "DrainTime", parse_drain_time, offsetof(NeoRelayConfig, drain_time) },
  { NULL },
};

static void report_address(NeoConfigReport *report, const char *key, const NeoAddress *address, const char *what, const char *expected)
{
  g_autofree char *text = neo_address_to_string(address);
  neo_config_report(report, key, text, what, expected);
}

static void check_list(NeoConfigReport *report, const char *key, GArray *addresses, const NeoAddress *proxy)
{
  for (guint i = 0; addresses && i < addresses->len; i++) {
    const NeoAddress *address = &g_array_index(addresses, NeoAddress, i);
    if (neo_address_is_loopback(address) || neo_address_is_multicast(address) || neo_address_is_unspecified(address))
      report_address(report, key, address, "no address that clients or the proxy can reach:", "one of this host's addresses");
    else if (proxy->family && address->family != proxy->family)
      report_address(report, key, address, "of another family than Proxy:", "an address of the proxy's family");
  }
}

static void check_from(NeoConfigReport *report, GArray *from)
{
  for (guint i = 1; from && i < from->len; i++)
    for (guint j = 0; j < i; j++)
      if (g_array_index(from, NeoAddress, i).family == g_array_index(from, NeoAddress, j).family)
        report_address(report, "From", &g_array_index(from, NeoAddress, i), "a second address of one family:",
                       "at most one IPv4 and one IPv6 address");
}

static void check(gpointer data, NeoConfigReport *report)
{
  NeoRelayConfig *config = data;
  NeoAddress proxy = { 0 };

  neo_address_parse(config->proxy, &proxy);
  if (!config->ports)
    neo_config_report(report, "Ports", NULL, "no port", "ports such as 443 8443");
  check_list(report, "Listen", config->listen, &proxy);
  check_list(report, "From", config->from, &proxy);
  check_from(report, config->from);
}

static const NeoConfigSchema schema = { .section = "Relay", .keys = keys, .check = check };

gboolean neo_relay_name_is_valid(const char *name)
{
  static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.@";
  gsize length = strlen(name);

  return length > 0 && length <= 64 && g_ascii_isalnum(name[0]) && strspn(name, letters) == length;
}

static NeoRelayConfig *config_new(const char *name)
{
  NeoRelayConfig *config = g_new0(NeoRelayConfig, 1);

  *config = (NeoRelayConfig){ .name = g_strdup(name), .conn_limit = DEFAULT_CONN_LIMIT, .syn_rate = DEFAULT_SYN_RATE,
                              .drain_time = NEO_RELAY_DRAIN_TIME };
  return config;
}

NeoRelayConfig *neo_relay_config_load(const char *name, const char *path, GError **error)
{
  g_autoptr(NeoRelayConfig) config = config_new(name);

  return neo_config_load(path, &schema, config, error) ? g_steal_pointer(&config) : NULL;
}

NeoRelayConfig *neo_relay_config_parse(const char *name, const char *path, const char *text, GError **error)
{
  g_autoptr(NeoRelayConfig) config = config_new(name);

  return neo_config_parse(path, text, &schema, config, error) ? g_steal_pointer(&config) : NULL;
}

void neo_relay_config_free(NeoRelayConfig *config)
{
  if (!config)
    return;
  g_free(config->name);
  g_free(config->proxy);
  g_clear_pointer(&config->ports, g_array_unref);
  g_clear_pointer(&config->listen, g_array_unref);
  g_clear_pointer(&config->from, g_array_unref);
  g_free(config);
}
