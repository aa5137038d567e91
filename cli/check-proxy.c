/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <gio/gio.h>
#include <unistd.h>

#include "cli/arguments.h"
#include "cli/check.h"
#include "cli/check-mtu.h"
#include "cli/text.h"
#include "common/probe-socket.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

enum { CONNECT_MS = 3000, JOIN_MS = 3000, POLL_MS = 10 };

/* A connection from one path to the proxy, directly (the relay's address is none) or begun at a relay. */
typedef struct {
  char interface[IFNAMSIZ];
  NeoAddress from, to, relay;
  guint16 port;
  NeoProbeAnswer answer;
  int errnum;
  gboolean mptcp;
  gint64 took_us;
  guint mtu;         /* of the interface; 0: not measured */
  guint passes;      /* packets of so many bytes, without being cut; 0: no answer even to small ones */
  GArray *joined;    /* NeoAddress: relays through which a join was accepted */
  const GArray *relays;
} Trial;

static void watch_joins(Trial *trial, int fd)
{
  gint64 end = g_get_monotonic_time() + JOIN_MS * 1000;

  while (trial->joined->len < trial->relays->len && g_get_monotonic_time() < end) {
    g_array_set_size(trial->joined, 0);
    for (guint i = 0; i < trial->relays->len; i++) {
      const NeoAddress *relay = &g_array_index(trial->relays, NeoAddress, i);
      NeoProbeJoin join;
      if (neo_probe_join(fd, relay, trial->port, &join) && join.accepted)
        g_array_append_val(trial->joined, *relay);
    }
    g_usleep(POLL_MS * 1000);
  }
}

static gpointer run_trial(gpointer data)
{
  Trial *trial = data;
  gint64 begin = g_get_monotonic_time();
  int fd = -1;

  trial->answer = neo_probe_connect(trial->relay.family ? &trial->relay : &trial->to, trial->port, &trial->from, IPPROTO_MPTCP, CONNECT_MS, &fd);
  trial->errnum = errno;
  trial->took_us = g_get_monotonic_time() - begin;
  if (trial->answer == NEO_PROBE_OPEN) {
    trial->mptcp = neo_probe_is_mptcp(fd);
    if (trial->mptcp && !trial->relay.family)
      watch_joins(trial, fd);
    close(fd);
  }
  if (!trial->relay.family)
    neo_check_mtu(&trial->from, &trial->to, trial->interface, &trial->mtu, &trial->passes);
  return NULL;
}

static char *why(const Trial *trial)
{
  switch (trial->answer) {
    case NEO_PROBE_REFUSED: return g_strdup("refused");
    case NEO_PROBE_SILENT: return g_strdup("no answer in 3 s");
    default: return g_strdup(g_strerror(trial->errnum));
  }
}

static void report_direct(NeoReport *report, const Trial *trial, const char *subject)
{
  g_autofree char *took = neo_text_rtt(trial->took_us), *to = neo_address_to_string(&trial->to);

  if (trial->answer != NEO_PROBE_OPEN)
    neo_report_bad(report, NEO_VERDICT_FAIL, subject, why(trial), g_strdup("a connection"), g_strdup_printf("ip route get %s, and the network of this path", to));
  else if (!trial->mptcp)
    neo_report_bad(report, NEO_VERDICT_FAIL, subject, g_strdup_printf("connected in %s, and fell back to plain TCP", took),
                   g_strdup("Multipath TCP: the proxy has none, or something on this way takes it out"), g_strdup("neo check on the proxy host; then another path's network"));
  else
    neo_report_ok(report, subject, "Multipath TCP in %s", took);
}

/* A relay with Mode=join refuses connections that begin there. */
static void report_relay(NeoReport *report, const Trial *trial, const char *subject)
{
  g_autofree char *took = neo_text_rtt(trial->took_us);

  if (trial->answer == NEO_PROBE_REFUSED)
    neo_report_ok(report, subject, "refused, as a relay with Mode=join does");
  else if (trial->answer != NEO_PROBE_OPEN)
    neo_report_bad(report, NEO_VERDICT_FAIL, subject, why(trial), g_strdup("a connection"), g_strdup("neo check --role relay on the relay"));
  else if (!trial->mptcp)
    neo_report_bad(report, NEO_VERDICT_FAIL, subject, g_strdup_printf("connected in %s, and fell back to plain TCP", took),
                   g_strdup("Multipath TCP: something at the relay or behind it takes it out"), g_strdup("neo check --role relay on the relay"));
  else
    neo_report_ok(report, subject, "Multipath TCP in %s", took);
}

static void report_mtu(NeoReport *report, const Trial *trial)
{
  g_autofree char *subject = g_strdup_printf("MTU by %s", trial->interface);

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

static gboolean is_joined(const GArray *joined, const NeoAddress *relay)
{
  for (guint i = 0; i < joined->len; i++)
    if (neo_address_equal(&g_array_index(joined, NeoAddress, i), relay))
      return TRUE;
  return FALSE;
}

/* The kernel joins from the address that it likes, so one join through a relay, from whatever connection, is what can be asked for. */
static void report_joins(NeoReport *report, const GPtrArray *trials, const GArray *relays)
{
  for (guint i = 0; i < relays->len; i++) {
    const NeoAddress *relay = &g_array_index(relays, NeoAddress, i);
    g_autofree char *address = neo_address_to_string(relay), *subject = g_strdup_printf("join by %s", address);
    guint joined = 0, tried = 0;
    for (guint k = 0; k < trials->len; k++) {
      const Trial *trial = trials->pdata[k];
      tried += trial->mptcp && !trial->relay.family;
      joined += is_joined(trial->joined, relay);
    }
    if (joined)
      neo_report_ok(report, subject, "accepted in %u of %u connections", joined, tried);
    else
      neo_report_bad(report, tried ? NEO_VERDICT_FAIL : NEO_VERDICT_WARN, subject, g_strdup_printf("accepted in none of %u connections", tried),
                     g_strdup("an MP_JOIN that is answered"),
                     g_strdup_printf("is it announced (neo status on the proxy), and up: " NEO_LIBEXECDIR "/neo-relay probe PROXY --via %s", address));
  }
}

static void report_trial(NeoReport *report, const Trial *trial)
{
  g_autofree char *relay = trial->relay.family ? neo_address_to_string(&trial->relay) : NULL;
  g_autofree char *subject = g_strdup_printf("%s, %s", trial->interface, relay ? relay : "direct");

  if (relay)
    report_relay(report, trial, subject);
  else
    report_direct(report, trial, subject);
  if (!relay)
    report_mtu(report, trial);
}

static void free_trial(gpointer data)
{
  Trial *trial = data;

  g_array_unref(trial->joined);
  g_free(trial);
}

static Trial *new_trial(const NeoStatusPath *path, const NeoAddress *to, guint16 port, const GArray *relays)
{
  Trial *trial = g_new0(Trial, 1);

  *trial = (Trial){ .to = *to, .port = port, .relays = relays, .joined = g_array_new(FALSE, FALSE, sizeof(NeoAddress)) };
  g_strlcpy(trial->interface, path ? path->interface : "main", sizeof trial->interface);
  if (path)
    trial->from = path->address;
  return trial;
}

static void add_trials(GPtrArray *trials, const NeoStatusPath *path, const NeoAddress *to, guint16 port, const GArray *relays)
{
  g_ptr_array_add(trials, new_trial(path, to, port, relays));
  for (guint i = 0; i < relays->len; i++) {
    Trial *trial = new_trial(path, to, port, relays);
    trial->relay = g_array_index(relays, NeoAddress, i);
    g_ptr_array_add(trials, trial);
  }
}

static gboolean look_up(const char *text, NeoAddress *ret_address, guint16 *ret_port, GError **error)
{
  g_autoptr(GSocketConnectable) name = g_network_address_parse(text, 0, NULL);
  g_autoptr(GSocketAddressEnumerator) all = name ? g_socket_connectable_enumerate(name) : NULL;
  struct sockaddr_storage sa;

  if (!name || !g_network_address_get_port(G_NETWORK_ADDRESS(name)))
    return neo_arguments_refuse(error, "--proxy: not an address and port \"%s\"; expected HOST:PORT", text);
  g_autoptr(GSocketAddress) first = g_socket_address_enumerator_next(all, NULL, error);
  return first && g_socket_address_to_native(first, &sa, sizeof sa, error) &&
         neo_address_from_sockaddr((const struct sockaddr *)&sa, ret_address, ret_port);
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
    if (relay->family == proxy->family && !neo_address_equal(relay, proxy) && !is_joined(relays, relay))
      g_array_append_val(relays, *relay);
  }
  return relays;
}

gboolean neo_check_proxy(NeoReport *report, const NeoStatus *status, const NeoRoutes *routes, const char *proxy, GError **error)
{
  g_autoptr(GPtrArray) trials = g_ptr_array_new_with_free_func(free_trial);
  NeoAddress to;
  guint16 port;

  if (!look_up(proxy, &to, &port, error))
    return FALSE;
  g_autoptr(GArray) relays = relays_of_family(routes, &to);
  add_trials(trials, NULL, &to, port, relays);
  for (guint i = 0; i < status->paths->len; i++) {
    const NeoStatusPath *path = &g_array_index(status->paths, NeoStatusPath, i);
    if (path->address.family == to.family)
      add_trials(trials, path, &to, port, relays);
  }
  run_trials(trials);
  for (guint i = 0; i < trials->len; i++)
    report_trial(report, trials->pdata[i]);
  report_joins(report, trials, relays);
  return TRUE;
}
