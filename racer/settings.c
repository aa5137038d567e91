/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "racer/settings.h"

#include "common/error.h"

static gboolean add_endpoint(GPtrArray **list, RacerEndpoint *endpoint, NeoConfigProblem *problem)
{
  if (!*list)
    *list = g_ptr_array_new_with_free_func((GDestroyNotify)racer_endpoint_unref);
  for (guint i = 0; i < (*list)->len; i++)
    if (g_str_equal(((RacerEndpoint *)(*list)->pdata[i])->text, endpoint->text)) {
      *problem = (NeoConfigProblem){ "given twice:", "each once" };
      return FALSE;
    }
  g_ptr_array_add(*list, racer_endpoint_ref(endpoint));
  return TRUE;
}

static gboolean parse_endpoints(const NeoConfigKey *key, const char *value, gpointer field, NeoConfigProblem *problem)
{
  g_autoptr(RacerEndpoint) endpoint = racer_endpoint_parse(value, problem);

  if (endpoint && endpoint->address.family && neo_address_is_unspecified(&endpoint->address)) {
    *problem = (NeoConfigProblem){ "no address of a host:", "the address of one host, such as 127.0.0.1:443" };
    return FALSE;
  }
  return endpoint && add_endpoint(field, endpoint, problem);
}

static gboolean parse_listen(const NeoConfigKey *key, const char *value, gpointer field, NeoConfigProblem *problem)
{
  g_autoptr(RacerEndpoint) endpoint = racer_endpoint_parse(value, problem);

  if (!endpoint || !endpoint->address.family || endpoint->bind.family || endpoint->device) {
    *problem = (NeoConfigProblem){ "not an address and port:", "ADDRESS:PORT or [IPV6]:PORT, such as [::]:443" };
    return FALSE;
  }
  return add_endpoint(field, endpoint, problem);
}

static const char *const mptcp_names[] = { "no", "yes", "require", NULL };

/* One source address for each family. */
static gboolean parse_bind(const NeoConfigKey *key, const char *value, gpointer field, NeoConfigProblem *problem)
{
  RacerSocketOptions *sockets = field;
  NeoAddress address;

  if (!neo_config_address(key, value, &address, problem))
    return FALSE;
  NeoAddress *bind = address.family == AF_INET ? &sockets->bind4 : &sockets->bind6;
  if (bind->family) {
    *problem = (NeoConfigProblem){ "second address of this family:", "at most one IPv4 and one IPv6 address" };
    return FALSE;
  }
  *bind = address;
  return TRUE;
}

static const char *const race_names[] = { "all", "staggered", NULL };
static const char *const policy_names[] = { "fastest", "spread", NULL };
static const char *const family_names[] = { "any", "ipv4", "ipv6", NULL };

static const NeoConfigKey keys[] = {
  { "Endpoints", parse_endpoints, G_STRUCT_OFFSET(RacerSettings, endpoints), NEO_CONFIG_LIST | NEO_CONFIG_REQUIRED },
  { "Mptcp", neo_config_enum, G_STRUCT_OFFSET(RacerSettings, sockets.mptcp), .data = mptcp_names },
  { "Race", neo_config_enum, G_STRUCT_OFFSET(RacerSettings, race), .data = race_names },
  { "Policy", neo_config_enum, G_STRUCT_OFFSET(RacerSettings, policy), .data = policy_names },
  { "Family", neo_config_enum, G_STRUCT_OFFSET(RacerSettings, family), .data = family_names },
  { "Refresh", neo_config_milliseconds, G_STRUCT_OFFSET(RacerSettings, refresh) },
  { "Remember", neo_config_milliseconds, G_STRUCT_OFFSET(RacerSettings, remember) },
  { "Bind", parse_bind, G_STRUCT_OFFSET(RacerSettings, sockets), NEO_CONFIG_LIST },
  { "ConnectTimeout", neo_config_milliseconds, G_STRUCT_OFFSET(RacerSettings, connect_timeout) },
  { "IdleTimeout", neo_config_milliseconds, G_STRUCT_OFFSET(RacerSettings, idle_timeout) },
  { "KeepAlive", neo_config_milliseconds, G_STRUCT_OFFSET(RacerSettings, sockets.keep_alive) },
  { "MaxConnections", neo_config_uint, G_STRUCT_OFFSET(RacerSettings, max_connections), .min = 1, .max = 1000000 },
  { "ExitIdleTime", neo_config_milliseconds, G_STRUCT_OFFSET(RacerSettings, exit_idle_time) },
  { "FastOpen", neo_config_bool, G_STRUCT_OFFSET(RacerSettings, fast_open) },
  { "CrashSafe", neo_config_bool, G_STRUCT_OFFSET(RacerSettings, crash_safe) },
  { "DrainTime", neo_config_milliseconds, G_STRUCT_OFFSET(RacerSettings, drain_time) },
  { "Listen", parse_listen, G_STRUCT_OFFSET(RacerSettings, listen), NEO_CONFIG_LIST },
  { "ListenMptcp", neo_config_bool, G_STRUCT_OFFSET(RacerSettings, listen_mptcp) },
  { NULL },
};

gboolean racer_settings_take_family(const RacerSettings *settings, int family)
{
  return settings->family == RACER_FAMILY_ANY || (settings->family == RACER_FAMILY_IPV4) == (family == AF_INET);
}

static void check_families(const RacerSettings *settings, NeoConfigReport *report)
{
  for (guint i = 0; settings->endpoints && i < settings->endpoints->len; i++) {
    const RacerEndpoint *endpoint = settings->endpoints->pdata[i];
    int family = endpoint->address.family ? endpoint->address.family : endpoint->bind.family;
    if (family && !racer_settings_take_family(settings, family))
      neo_config_report(report, "Family", endpoint->text, "excludes the endpoint", "endpoints of this family, or any");
  }
}

static void check(gpointer data, NeoConfigReport *report)
{
  RacerSettings *settings = data;

  if (!settings->endpoints)
    neo_config_report(report, "Endpoints", NULL, "no endpoint", "at least one, such as 192.0.2.1:443");
  if (settings->connect_timeout == 0)
    neo_config_report(report, "ConnectTimeout", "0", "not a time to wait:", "a time such as 10s");
  if (settings->sockets.keep_alive > 0 && settings->sockets.keep_alive < 1000)
    neo_config_report(report, "KeepAlive", NULL, "too short", "0 or at least 1s");
  if (settings->refresh < 1000)
    neo_config_report(report, "Refresh", NULL, "too short", "at least 1s");
  if (settings->policy == RACER_POLICY_SPREAD && settings->remember)
    neo_config_report(report, "Policy", "spread", "given with Remember=, which stays with one endpoint:", "only one of them");
  check_families(settings, report);
  if (neo_config_report_has(report, "ListenMptcp") && !settings->listen)
    neo_config_report(report, "ListenMptcp", NULL, "given without Listen=", "both, or neither");
  if (neo_config_report_has(report, "ExitIdleTime") && settings->listen)
    neo_config_report(report, "ExitIdleTime", NULL, "given with Listen=, where nothing would start it again", "only one of them");
  if (settings->listen)
    settings->exit_idle_time = 0;
}

static const NeoConfigSchema schema = { "Racer", keys, .check = check };

static RacerSettings *settings_new(void)
{
  RacerSettings *settings = g_new0(RacerSettings, 1);

  settings->sockets.mptcp = RACER_MPTCP_YES;
  settings->connect_timeout = 10 * 1000;
  settings->sockets.keep_alive = 2 * 60 * 1000;
  settings->exit_idle_time = 5 * 60 * 1000;
  settings->drain_time = 5 * 1000;
  settings->refresh = 60 * 1000;
  return settings;
}

RacerSettings *racer_settings_load(const char *path, GError **error)
{
  g_autoptr(RacerSettings) settings = settings_new();

  return neo_config_load(path, &schema, settings, error) ? g_steal_pointer(&settings) : NULL;
}

RacerSettings *racer_settings_parse(const char *name, const char *text, GError **error)
{
  g_autoptr(RacerSettings) settings = settings_new();

  return neo_config_parse(name, text, &schema, settings, error) ? g_steal_pointer(&settings) : NULL;
}

RacerSettings *racer_settings_for_endpoints(char *const *texts, GError **error)
{
  g_autoptr(RacerSettings) settings = settings_new();
  NeoConfigProblem problem;

  for (; *texts; texts++)
    if (!parse_endpoints(NULL, *texts, &settings->endpoints, &problem)) {
      g_set_error(error, NEO_ERROR, NEO_ERROR_USAGE, "%s \"%s\"; expected %s", problem.what, *texts, problem.expected);
      return NULL;
    }
  return g_steal_pointer(&settings);
}

void racer_settings_free(RacerSettings *settings)
{
  g_clear_pointer(&settings->endpoints, g_ptr_array_unref);
  g_clear_pointer(&settings->listen, g_ptr_array_unref);
  g_free(settings);
}
