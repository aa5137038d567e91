/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/check.h"

#include <stdio.h>

#include "cli/arguments.h"
#include "cli/rule-counters.h"
#include "cli/status-collect.h"
#include "cli/status-parts.h"
#include "common/sysctl.h"

typedef struct {
  NeoReport *report;
  NeoStatus *status;
  NeoGatewayView *view;
  NeoKernel *kernel;
  NeoUnits *units;
  const char *role; /* NULL: each that this host has */
} Doctor;

static gboolean asked(const Doctor *doctor, const char *role, gboolean present)
{
  return doctor->role ? g_str_equal(doctor->role, role) : present;
}

static void take_mac(GArray *macs, const NeoLink *link)
{
  g_autofree char *path = g_strdup_printf("/sys/class/net/%s/address", link->name), *text = NULL;
  NeoCheckMac mac = { 0 };

  if (!g_file_get_contents(path, &text, NULL, NULL))
    return;
  g_strlcpy(mac.name, link->name, sizeof mac.name);
  g_strlcpy(mac.mac, g_strstrip(text), sizeof mac.mac);
  g_array_append_val(macs, mac);
}

/* Of each macvlan and of the card below it. */
static GArray *read_macs(const NeoObserved *seen)
{
  GArray *macs = g_array_new(FALSE, FALSE, sizeof(NeoCheckMac));
  g_autoptr(GHashTable) taken = g_hash_table_new(NULL, NULL);

  for (guint i = 0; i < seen->links->len; i++) {
    const NeoLink *link = &g_array_index(seen->links, NeoLink, i), *parent = neo_observed_link(seen, link->parent);
    if (link->macvlan && g_hash_table_add(taken, GINT_TO_POINTER(link->index)))
      take_mac(macs, link);
    if (link->macvlan && parent && g_hash_table_add(taken, GINT_TO_POINTER(parent->index)))
      take_mac(macs, parent);
  }
  return macs;
}

static gboolean has_network_manager(const Doctor *doctor)
{
  g_autofree char *state = doctor->units ? neo_units_state(doctor->units, "NetworkManager.service") : NULL;

  return state && g_str_equal(state, "active");
}

static void check_gateway(const Doctor *doctor)
{
  g_autoptr(GArray) macs = read_macs(doctor->view->seen), rules = neo_check_rules(doctor->kernel);

  neo_check_gateway(doctor->report, doctor->status, doctor->view, rules, has_network_manager(doctor));
  if (macs->len)
    neo_check_macs(doctor->report, macs);
}

static void check_forwarding(const Doctor *doctor, const NeoLocal *local)
{
  const NeoLink *link = neo_observed_link(doctor->view->seen, local->link);
  g_autofree char *all = neo_sysctl_read("net/ipv6/conf/all/forwarding", NULL);
  g_autofree char *key = g_strdup_printf("net/%s/conf/%s/%s", local->address.family == AF_INET ? "ipv4" : "ipv6", link->name,
                                         local->address.family == AF_INET ? "forwarding" : "force_forwarding");

  if (local->address.family == AF_INET6 && all && *all == '1')
    return;
  g_autofree char *value = neo_sysctl_read(key, NULL);
  neo_check_forwarding(doctor->report, link->name, key, value);
}

static gboolean is_listened_on(const NeoStatus *status, const NeoAddress *address)
{
  g_autofree char *text = neo_address_to_string(address);

  for (guint i = 0; i < status->relays->len; i++) {
    const NeoStatusRelay *relay = status->relays->pdata[i];
    g_auto(GStrv) words = g_strsplit(relay->listen ? relay->listen : "", " ", -1);
    if (g_strv_contains((const char *const *)words, text))
      return TRUE;
  }
  return FALSE;
}

static void check_relays(const Doctor *doctor)
{
  g_autoptr(GArray) counters = neo_rule_counters_read(NULL);
  const GArray *locals = doctor->view->seen->locals;

  neo_check_relays(doctor->report, doctor->status, counters);
  for (guint i = 0; i < locals->len; i++)
    if (is_listened_on(doctor->status, &g_array_index(locals, NeoLocal, i).address))
      check_forwarding(doctor, &g_array_index(locals, NeoLocal, i));
}

static void check_proxies(const Doctor *doctor)
{
  neo_check_proxies(doctor->report, doctor->status);
  for (guint i = 0; i < doctor->status->proxies->len; i++) {
    const NeoStatusProxy *proxy = doctor->status->proxies->pdata[i];
    if (!proxy->seen)
      continue;
    neo_check_namespace(doctor->report, proxy->name);
    neo_check_resolver(doctor->report, proxy->name);
  }
}

static void check_roles(const Doctor *doctor)
{
  const NeoStatus *status = doctor->status;
  gboolean relay = asked(doctor, "relay", status->relays->len), proxy = asked(doctor, "proxy", status->proxies->len);

  neo_check_host(doctor->report, relay || proxy);
  if (asked(doctor, "gateway", status->gateway))
    check_gateway(doctor);
  if (relay)
    check_relays(doctor);
  if (proxy)
    check_proxies(doctor);
  if (asked(doctor, "racer", status->racers->len))
    neo_check_racers(doctor->report, status);
}

static void doctor_clear(Doctor *doctor)
{
  neo_report_free(doctor->report);
  neo_status_free(doctor->status);
  neo_gateway_view_free(doctor->view);
  neo_kernel_free(doctor->kernel);
  neo_units_free(doctor->units);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Doctor, doctor_clear)

static gboolean collect(Doctor *doctor, GError **error)
{
  static const char *const patterns[] = { "NetworkManager.service", NULL };
  g_autoptr(NeoCollector) collector = neo_collector_new(error);
  NeoPathsConf conf;

  if (collector)
    neo_collector_once(collector, 1);
  if (!collector || !(doctor->status = neo_collector_take(collector, error)) ||
      !neo_paths_conf_load(NEO_CONFDIR "/paths.conf", &conf, error) || !(doctor->kernel = neo_kernel_open(error)) ||
      !(doctor->view = neo_gateway_view(doctor->kernel, &conf, error)))
    return FALSE;
  doctor->units = neo_units_list(patterns, NULL);
  doctor->report = neo_report_new();
  return TRUE;
}

static gboolean check_role(const char *role, GError **error)
{
  static const char *const roles[] = { "gateway", "relay", "proxy", "racer", NULL };

  return !role || g_strv_contains(roles, role) ||
         neo_arguments_refuse(error, "--role: no such role \"%s\"; expected gateway, relay, proxy or racer", role);
}

gboolean neo_check_main(const NeoVerb *verb, int argc, char **argv, GError **error)
{
  g_autofree char *role = NULL, *proxy = NULL;
  gboolean json = FALSE;
  const GOptionEntry entries[] = {
    { "role", 0, 0, G_OPTION_ARG_STRING, &role, "Checks this role, and that the host has it: gateway, relay, proxy or racer", "ROLE" },
    { "proxy", 0, 0, G_OPTION_ARG_STRING, &proxy, "Makes real connections to the proxy, from each path and through each relay", "HOST:PORT" },
    { "json", 0, 0, G_OPTION_ARG_NONE, &json, "Prints JSON", NULL },
    { NULL },
  };
  g_auto(Doctor) doctor = { 0 };

  if (!neo_arguments_parse(verb, entries, argc, argv, error) || !check_role(role, error) || !collect(&doctor, error))
    return FALSE;
  doctor.role = role;
  check_roles(&doctor);
  if (proxy) {
    g_autoptr(NeoRoutes) routes = neo_routes_new();
    g_autoptr(NeoStatus) racers = neo_status_new();
    neo_status_collect_racers(racers, NULL, routes);
    if (!neo_check_proxy(doctor.report, doctor.status, routes, proxy, error))
      return FALSE;
  }
  g_autofree char *text = json ? neo_report_to_json(doctor.report) : neo_report_to_text(doctor.report);
  fputs(text, stdout);
  neo_verbs_set_exit_code(neo_report_verdict(doctor.report));
  return TRUE;
}
