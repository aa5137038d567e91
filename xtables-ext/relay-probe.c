/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "xtables-ext/relay-probe.h"

#include <errno.h>
#include <gio/gio.h>
#include <linux/mptcp.h>
#include <stdio.h>
#include <unistd.h>

#include "common/address.h"
#include "common/error.h"
#include "common/probe-socket.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

enum { TIMEOUT_MS = 3000, JOIN_MS = 3000, ANSWER_MS = 900, POLL_MS = 5, SETTLE_MS = 300, DEFAULT_PORT = 443 };

typedef struct {
  NeoAddress proxy, via, from;
  guint16 port;
  gboolean json, well;
  gboolean relay_answers; /* to plain TCP, be it with a reset */
  GString *steps; /* of the JSON text */
} Probe;

/* One line, or one object, for each step. The texts hold nothing that JSON would have to quote. */
static void say(Probe *probe, const char *step, gboolean well, const char *result, const char *meaning)
{
  probe->well &= well;
  if (probe->json)
    g_string_append_printf(probe->steps, "%s{\"step\":\"%s\",\"ok\":%s,\"result\":\"%s\",\"meaning\":\"%s\"}", probe->steps->len ? "," : "",
                           step, well ? "true" : "false", result, meaning);
  else
    printf("%-6s %s: %s%s%s\n", well ? "ok" : "FAILED", step, result, *meaning ? ": " : "", meaning);
  fflush(stdout);
}

static gboolean look_up(const char *text, guint16 default_port, NeoAddress *ret_address, guint16 *ret_port, GError **error)
{
  g_autoptr(GSocketConnectable) name = NULL;
  NeoAddress numeric;

  /* An IPv6 address without brackets is not taken for a name and a port. */
  if (neo_address_parse(text, &numeric)) {
    *ret_address = numeric;
    *ret_port = default_port;
    return TRUE;
  }
  name = g_network_address_parse(text, default_port, NULL);
  if (!name) {
    g_set_error(error, NEO_ERROR, NEO_ERROR_USAGE, "probe: not an address \"%s\"; expected an address or name, such as 192.0.2.1 or [2001:db8::1]:443", text);
    return FALSE;
  }
  g_autoptr(GSocketAddressEnumerator) all = g_socket_connectable_enumerate(name);
  g_autoptr(GSocketAddress) first = g_socket_address_enumerator_next(all, NULL, error);
  struct sockaddr_storage sa;
  return first && g_socket_address_to_native(first, &sa, sizeof sa, error) &&
         neo_address_from_sockaddr((const struct sockaddr *)&sa, ret_address, ret_port);
}

/* TRUE with a socket that speaks MPTCP. */
static gboolean probe_proxy(Probe *probe, int *ret_fd)
{
  static const char step[] = "proxy";
  int fd = -1;

  switch (neo_probe_connect(&probe->proxy, probe->port, &probe->from, IPPROTO_MPTCP, TIMEOUT_MS, &fd)) {
    case NEO_PROBE_OPEN: break;
    case NEO_PROBE_REFUSED: say(probe, step, FALSE, "refused", "the host answers, and nothing listens on the port"); return FALSE;
    case NEO_PROBE_SILENT: say(probe, step, FALSE, "silent", "the host is down, or something on the way drops the packets"); return FALSE;
    case NEO_PROBE_ERROR: say(probe, step, FALSE, "not reached", g_strerror(errno)); return FALSE;
  }
  if (!neo_probe_is_mptcp(fd)) {
    say(probe, step, FALSE, "fell back to TCP", "the proxy does not speak Multipath TCP, or something on the way takes it out");
    close(fd);
    return FALSE;
  }
  say(probe, step, TRUE, "connected", "and it is Multipath TCP");
  *ret_fd = fd;
  return TRUE;
}

/* A plain TCP connection: what a scan of the relay finds. FALSE when nothing came back. */
static gboolean probe_port(Probe *probe)
{
  static const char step[] = "relay, plain TCP";
  int fd = -1;

  switch (neo_probe_connect(&probe->via, probe->port, &probe->from, IPPROTO_TCP, TIMEOUT_MS, &fd)) {
    case NEO_PROBE_OPEN:
      say(probe, step, TRUE, "open", "right for Mode=tcp; for mptcp and join the host itself has something on this port");
      close(fd);
      return TRUE;
    case NEO_PROBE_REFUSED: say(probe, step, TRUE, "refused", "right for Mode=mptcp and join, and also what a host without a relay says"); return TRUE;
    case NEO_PROBE_SILENT: say(probe, step, FALSE, "silent", "the relay is down, or something on the way or its firewall drops the packets"); return FALSE;
    case NEO_PROBE_ERROR: break;
  }
  say(probe, step, FALSE, "not reached", g_strerror(errno));
  return FALSE;
}

/* A connection that begins at the relay, as the racer makes it. */
static void probe_connection(Probe *probe)
{
  static const char step[] = "relay, new connection";
  int fd = -1;

  switch (neo_probe_connect(&probe->via, probe->port, &probe->from, IPPROTO_MPTCP, TIMEOUT_MS, &fd)) {
    case NEO_PROBE_OPEN: break;
    case NEO_PROBE_REFUSED: say(probe, step, TRUE, "refused", "right for Mode=join; for mptcp the relay is not loaded, or has not this port"); return;
    case NEO_PROBE_SILENT: say(probe, step, FALSE, "silent", "the relay takes it and does not reach the proxy, or drops it"); return;
    case NEO_PROBE_ERROR: say(probe, step, FALSE, "not reached", g_strerror(errno)); return;
  }
  gboolean well = neo_probe_is_mptcp(fd);
  say(probe, step, well, well ? "connected" : "fell back to TCP",
      well ? "and it is Multipath TCP, so Mode=mptcp or tcp" : "something on the way through the relay takes Multipath TCP out");
  close(fd);
}

typedef struct {
  NeoProbeJoin last;
  gboolean seen, accepted, removed;
  gint64 seen_at, removed_at; /* microseconds */
} Watch;

/* Until the join is decided and has stayed so for a while, or the time is over. */
static gboolean watch_join(const Probe *probe, int fd, Watch *watch)
{
  gint64 end = g_get_monotonic_time() + JOIN_MS * 1000, settled = 0;

  for (gint64 now = g_get_monotonic_time(); now < end; now = g_get_monotonic_time()) {
    NeoProbeJoin join;
    if (!neo_probe_join(fd, &probe->via, probe->port, &join))
      return FALSE;
    if (join.accepted && !watch->accepted)
      settled = now + SETTLE_MS * 1000;
    if (join.known && !watch->seen)
      watch->seen_at = now;
    watch->seen |= join.known;
    watch->accepted |= join.accepted;
    watch->removed = watch->seen && !join.known;
    watch->removed_at = now;
    watch->last = join;
    if (watch->removed || (watch->accepted && now >= settled))
      return TRUE;
    g_usleep(POLL_MS * 1000);
  }
  return TRUE;
}

static void say_no_join(Probe *probe, const Watch *watch)
{
  static const char step[] = "join through the relay";

  /* The kernel sends a SYN again after a second (RFC 6298): what ends later had no answer. An address that is known to be unreachable ends at once. */
  gboolean answered = probe->relay_answers && watch->removed && watch->removed_at - watch->seen_at < ANSWER_MS * 1000;
  if (watch->accepted)
    say(probe, step, FALSE, "removed", "it was joined and then reset");
  else if (answered)
    say(probe, step, FALSE, "refused", "the relay or the proxy answered with a reset: not loaded, without this port, or its proxy is another");
  else if (watch->seen)
    say(probe, step, FALSE, "silent", "a SYN was sent and nothing came back: Multipath TCP taken out, the relay down, or it does not reach the proxy");
  else if (!watch->last.may_accept)
    say(probe, step, FALSE, "not tried", "this host takes no announcements: ip mptcp limits set add_addr_accepted 8 subflows 8, or a path manager in user space joins otherwise");
  else if (watch->last.announced)
    say(probe, step, FALSE, "refused", "this host took an announcement, and no subflow to the relay stands: reset at once, or another address was announced");
  else
    say(probe, step, FALSE, "not announced", "the proxy announces no address to this host");
}

static void probe_join(Probe *probe, int fd)
{
  static const char step[] = "join through the relay";
  Watch watch = { 0 };

  if (!watch_join(probe, fd, &watch)) {
    say(probe, step, FALSE, "not seen", g_strerror(errno));
    return;
  }
  if (!watch.accepted || watch.removed) {
    say_no_join(probe, &watch);
    return;
  }
  g_autofree char *segments = g_strdup_printf("%u segments went through the relay and %u came back", watch.last.segments_out, watch.last.segments_in);
  say(probe, step, TRUE, "accepted", segments);
}

static gboolean prepare(const NeoRelayProbe *request, Probe *probe, GError **error)
{
  guint16 ignored;

  if (!look_up(request->proxy, DEFAULT_PORT, &probe->proxy, &probe->port, error) ||
      !look_up(request->via, probe->port, &probe->via, &ignored, error))
    return FALSE;
  if (request->from && !neo_address_parse(request->from, &probe->from)) {
    g_set_error(error, NEO_ERROR, NEO_ERROR_USAGE, "probe: --from: not an address \"%s\"; expected an address of this host", request->from);
    return FALSE;
  }
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_MPTCP);
  if (fd < 0) {
    g_set_error(error, NEO_ERROR, NEO_ERROR_UNSUPPORTED, "probe: this kernel has no Multipath TCP, or net.mptcp.enabled=0");
    return FALSE;
  }
  close(fd);
  return TRUE;
}

gboolean neo_relay_probe(const NeoRelayProbe *request, gboolean *ret_well, GError **error)
{
  Probe probe = { .json = request->json, .well = TRUE };
  int fd = -1;

  if (!prepare(request, &probe, error))
    return FALSE;
  probe.steps = g_string_new(NULL);
  gboolean direct = probe_proxy(&probe, &fd);
  probe.relay_answers = probe_port(&probe);
  if (probe.relay_answers)
    probe_connection(&probe);
  if (direct) {
    probe_join(&probe, fd);
    close(fd);
  }
  if (probe.json)
    printf("{\"ok\":%s,\"steps\":[%s]}\n", probe.well ? "true" : "false", probe.steps->str);
  g_string_free(probe.steps, TRUE);
  *ret_well = probe.well;
  return TRUE;
}
