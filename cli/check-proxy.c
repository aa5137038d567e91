/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <gio/gio.h>

#include "cli/address-key.h"
#include "cli/arguments.h"
#include "cli/check.h"
#include "cli/check-trial.h"
#include "cli/text.h"

/* A path may have an address of either. */
static const char *family_name(const NeoAddress *address)
{
  return address->family == AF_INET6 ? " IPv6" : "";
}

static char *why(const NeoTrial *trial)
{
  switch (trial->answer) {
    case NEO_PROBE_REFUSED: return g_strdup("refused");
    case NEO_PROBE_SILENT: return g_strdup(trial->plain ? "no answer in 3 s, and plain TCP is answered" : "no answer in 3 s");
    default: return g_strdup(g_strerror(trial->errnum));
  }
}

/* "SEEN; WHERE" */
static char *with_where(const NeoTrial *trial, char *seen)
{
  g_autofree char *owned = seen, *where = neo_check_where_text(&trial->where);

  return where ? g_strdup_printf("%s; %s", owned, where) : g_steal_pointer(&owned);
}

/* What all connections have in common: @expected and @fix are for one that is no Multipath TCP. */
static void report_open(NeoReport *report, const NeoTrial *trial, const char *subject, const char *expected, const char *fix)
{
  g_autofree char *took = neo_text_rtt(trial->took_us);

  if (!trial->mptcp)
    neo_report_bad(report, NEO_VERDICT_FAIL, subject, with_where(trial, g_strdup_printf("connected in %s, and fell back to plain TCP", took)),
                   g_strdup(expected), g_strdup(fix));
  else if (!trial->kept)
    neo_report_bad(report, NEO_VERDICT_FAIL, subject, with_where(trial, g_strdup_printf("Multipath TCP in %s, and fell back with the first data", took)),
                   g_strdup("option 30 on segments with data as well"), g_strdup(fix));
  else if (trial->out < NEO_TRIAL_BYTES)
    neo_report_bad(report, NEO_VERDICT_FAIL, subject, g_strdup_printf("Multipath TCP in %s, and data are not acknowledged in 3 s", took),
                   g_strdup_printf("%d bytes acknowledged", NEO_TRIAL_BYTES), g_strdup(fix));
  else
    neo_report_ok(report, subject, "Multipath TCP in %s; %u bytes out, %u in", took, trial->out, trial->in);
}

static void report_direct(NeoReport *report, const NeoTrial *trial, const char *subject)
{
  g_autofree char *to = neo_address_to_string(&trial->to);

  if (trial->answer != NEO_PROBE_OPEN)
    neo_report_bad(report, NEO_VERDICT_FAIL, subject, with_where(trial, why(trial)), g_strdup("a connection"),
                   g_strdup_printf("ip route get %s, and the network of this path", to));
  else
    report_open(report, trial, subject, "Multipath TCP: the proxy has none, or something on this way takes it out",
                "neo check on the proxy host; then another path's network");
}

/* A relay with Mode=join refuses connections that begin there. */
static void report_relay(NeoReport *report, const NeoTrial *trial, const char *subject)
{
  if (trial->answer == NEO_PROBE_REFUSED)
    neo_report_ok(report, subject, "refused, as a relay with Mode=join does");
  else if (trial->answer != NEO_PROBE_OPEN)
    neo_report_bad(report, NEO_VERDICT_FAIL, subject, with_where(trial, why(trial)), g_strdup("a connection"), g_strdup("neo check --role relay on the relay"));
  else
    report_open(report, trial, subject, "Multipath TCP: something at the relay or behind it takes it out", "neo check --role relay on the relay");
}

static char *join_text(const NeoCheckJoin *join)
{
  switch (join->answer) {
    case NEO_JOIN_LOST: return g_strdup("answered as plain TCP");
    case NEO_JOIN_REFUSED: return g_strdup_printf("refused by a host with Multipath TCP, reason %u: another one than the proxy", join->reason);
    case NEO_JOIN_CLOSED: return g_strdup("refused");
    default: return g_strdup("no answer in 2 s");
  }
}

static void report_join(NeoReport *report, const NeoTrial *trial, const NeoTrialJoin *join)
{
  g_autofree char *relay = neo_address_to_string(&join->relay), *took = neo_text_rtt(join->join.took_us);
  g_autofree char *subject = g_strdup_printf("%s, join by %s", trial->interface, relay);

  if (join->join.answer == NEO_JOIN_UNSEEN)
    return;
  if (join->join.answer == NEO_JOIN_ANSWERED)
    neo_report_ok(report, subject, "MP_JOIN answered in %s", took);
  else
    neo_report_bad(report, NEO_VERDICT_FAIL, subject, join_text(&join->join), g_strdup("an MP_JOIN that is answered with one"),
                   g_strdup("neo check --role relay on the relay"));
}

static void report_mtu(NeoReport *report, const NeoTrial *trial)
{
  g_autofree char *subject = g_strdup_printf("MTU by %s%s", trial->interface, family_name(&trial->to));

  if (!trial->mtu)
    return;
  if (!trial->passes)
    neo_report_ok(report, subject, "not measured: no answer to ICMP echo");
  else if (trial->passes < trial->mtu)
    neo_report_bad(report, NEO_VERDICT_WARN, subject, g_strdup_printf("packets of more than %u bytes do not pass", trial->passes),
                   g_strdup_printf("%u, the interface's", trial->mtu), g_strdup_printf("ip link set %s mtu %u", trial->interface, trial->passes));
  else
    neo_report_ok(report, subject, "packets of %u bytes pass", trial->mtu);
}

/* The kernel joins from the address that it likes, so one join of its own through a relay, from whatever connection, is what can be asked for. */
static void report_joins(NeoReport *report, const GPtrArray *trials, const GArray *relays)
{
  for (guint i = 0; i < relays->len; i++) {
    const NeoAddress *relay = &g_array_index(relays, NeoAddress, i);
    g_autofree char *address = neo_address_to_string(relay), *subject = g_strdup_printf("join by %s", address);
    guint joined = 0, tried = 0;
    for (guint k = 0; k < trials->len; k++) {
      const NeoTrial *trial = trials->pdata[k];
      tried += trial->mptcp && !trial->relay.family;
      joined += neo_address_is_in(trial->joined, relay);
    }
    if (joined)
      neo_report_ok(report, subject, "accepted in %u of %u connections", joined, tried);
    else
      neo_report_bad(report, tried ? NEO_VERDICT_FAIL : NEO_VERDICT_WARN, subject, g_strdup_printf("accepted in none of %u connections", tried),
                     g_strdup("an MP_JOIN that is answered"),
                     g_strdup_printf("is it announced (neo status on the proxy), and up: " NEO_LIBEXECDIR "/neo-relay probe PROXY --via %s", address));
  }
}

static void report_trial(NeoReport *report, const NeoTrial *trial)
{
  g_autofree char *relay = trial->relay.family ? neo_address_to_string(&trial->relay) : NULL;
  g_autofree char *subject = g_strdup_printf("%s, %s%s", trial->interface, relay ? relay : "direct", relay ? "" : family_name(&trial->to));

  if (relay)
    report_relay(report, trial, subject);
  else
    report_direct(report, trial, subject);
  for (guint i = 0; i < trial->joins->len; i++)
    report_join(report, trial, &g_array_index(trial->joins, NeoTrialJoin, i));
  if (!relay)
    report_mtu(report, trial);
}

static void free_trial(gpointer data)
{
  neo_trial_free(data);
}

static gpointer run_trial(gpointer data)
{
  neo_trial_run(data);
  return NULL;
}

static NeoTrial *new_trial(const NeoStatusPath *path, const NeoAddress *to, guint16 port, const GArray *relays)
{
  static const NeoAddress any;

  return neo_trial_new(path ? path->interface : "main", path ? &path->address : &any, to, port, relays);
}

static void add_trials(GPtrArray *trials, const NeoStatusPath *path, const NeoAddress *to, guint16 port, const GArray *relays)
{
  g_ptr_array_add(trials, new_trial(path, to, port, relays));
  for (guint i = 0; i < relays->len; i++) {
    NeoTrial *trial = new_trial(path, to, port, relays);
    trial->relay = g_array_index(relays, NeoAddress, i);
    g_ptr_array_add(trials, trial);
  }
}

static gboolean has_family(const GArray *addresses, sa_family_t family)
{
  for (guint i = 0; i < addresses->len; i++)
    if (g_array_index(addresses, NeoAddress, i).family == family)
      return TRUE;
  return FALSE;
}

/* The first address of each family, as a name may have both and a path may have either. */
static GArray *look_up(const char *text, guint16 *ret_port, GError **error)
{
  g_autoptr(GSocketConnectable) name = g_network_address_parse(text, 0, NULL);
  g_autoptr(GSocketAddressEnumerator) all = name ? g_socket_connectable_enumerate(name) : NULL;
  g_autoptr(GArray) addresses = g_array_new(FALSE, FALSE, sizeof(NeoAddress));
  g_autoptr(GError) failure = NULL;

  if (!name || !g_network_address_get_port(G_NETWORK_ADDRESS(name))) {
    neo_arguments_refuse(error, "--proxy: not an address and port \"%s\"; expected HOST:PORT", text);
    return NULL;
  }
  for (GSocketAddress *next; (next = g_socket_address_enumerator_next(all, NULL, &failure));) {
    g_autoptr(GSocketAddress) owned = next;
    struct sockaddr_storage sa;
    NeoAddress address;
    if (g_socket_address_to_native(owned, &sa, sizeof sa, NULL) && neo_address_from_sockaddr((const struct sockaddr *)&sa, &address, ret_port) &&
        !has_family(addresses, address.family))
      g_array_append_val(addresses, address);
  }
  if (addresses->len)
    return g_steal_pointer(&addresses);
  g_propagate_error(error, g_steal_pointer(&failure));
  return NULL;
}

/* All at once: a path that is silent costs three seconds, not three for each. */
static void run_trials(const GPtrArray *trials)
{
  g_autofree GThread **threads = g_new(GThread *, trials->len);

  for (guint i = 0; i < trials->len; i++)
    threads[i] = g_thread_new("trial", run_trial, trials->pdata[i]);
  for (guint i = 0; i < trials->len; i++)
    g_thread_join(threads[i]);
}

static GArray *relays_of_family(const NeoRoutes *routes, const NeoAddress *proxy)
{
  GArray *relays = g_array_new(FALSE, FALSE, sizeof(NeoAddress));

  for (guint i = 0; i < routes->relays->len; i++) {
    const NeoAddress *relay = &g_array_index(routes->relays, NeoAddress, i);
    if (relay->family == proxy->family && !neo_address_equal(relay, proxy) && !neo_address_is_in(relays, relay))
      g_array_append_val(relays, *relay);
  }
  return relays;
}

static gboolean has_path(const NeoStatus *status, sa_family_t family)
{
  for (guint i = 0; i < status->paths->len; i++)
    if (g_array_index(status->paths, NeoStatusPath, i).address.family == family)
      return TRUE;
  return FALSE;
}

/* What no path could use is tried only where there is nothing else. */
static void drop_unused(GArray *addresses, const NeoStatus *status)
{
  for (guint i = addresses->len; i-- > 0 && addresses->len > 1;)
    if (!has_path(status, g_array_index(addresses, NeoAddress, i).family))
      g_array_remove_index(addresses, i);
}

static void try_address(NeoReport *report, const NeoStatus *status, const NeoRoutes *routes, const NeoAddress *to, guint16 port)
{
  g_autoptr(GPtrArray) trials = g_ptr_array_new_with_free_func(free_trial);
  g_autoptr(GArray) relays = relays_of_family(routes, to);

  add_trials(trials, NULL, to, port, relays);
  for (guint i = 0; i < status->paths->len; i++) {
    const NeoStatusPath *path = &g_array_index(status->paths, NeoStatusPath, i);
    if (path->address.family == to->family)
      add_trials(trials, path, to, port, relays);
  }
  run_trials(trials);
  for (guint i = 0; i < trials->len; i++)
    report_trial(report, trials->pdata[i]);
  report_joins(report, trials, relays);
}

gboolean neo_check_proxy(NeoReport *report, const NeoStatus *status, const NeoRoutes *routes, const char *proxy, GError **error)
{
  guint16 port = 0;
  g_autoptr(GArray) addresses = look_up(proxy, &port, error);

  if (!addresses)
    return FALSE;
  drop_unused(addresses, status);
  for (guint i = 0; i < addresses->len; i++)
    try_address(report, status, routes, &g_array_index(addresses, NeoAddress, i), port);
  return TRUE;
}
