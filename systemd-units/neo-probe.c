/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <glib/gstdio.h>
#include <linux/capability.h>
#include <linux/mptcp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "common/error.h"
#include "common/log.h"
#include "systemd-units/proxy-client.h"
#include "systemd-units/proxy-link.h"
#include "systemd-units/proxy-mptcp.h"
#include "systemd-units/proxy-namespace.h"
#include "systemd-units/proxy-state.h"

/* How often the state is looked at, when nothing else is due. */
#define RECHECK (1 * G_USEC_PER_SEC)

typedef struct {
  const char *name;
  NeoProxyPlan *plan;
  struct stat seen;         /* the file that the plan came from */
  NeoNetlink *inside, *route; /* of the proxy's namespace */
  NeoNetlink *own;          /* of the client's, in which this process stays */
  guint16 family;           /* mptcp_pm, of the latter */
  NeoProxyClient client[2]; /* IPv4, IPv6 */
  GArray *checks;           /* NeoProxyCheck */
  char *status;
} Probe;

static void log_relay(const Probe *probe, const NeoAddress *relay, gboolean well)
{
  g_autofree char *address = neo_address_to_string(relay);

  g_log_structured(G_LOG_DOMAIN, well ? G_LOG_LEVEL_MESSAGE : G_LOG_LEVEL_WARNING, "MESSAGE",
                   well ? "%s: joins through %s work; it is announced" : "%s: joins through %s do not work; it is not announced",
                   probe->name, address);
}

static NeoProxyCheck *find_check(const Probe *probe, const NeoAddress *relay)
{
  for (guint i = 0; i < probe->checks->len; i++) {
    NeoProxyCheck *check = &g_array_index(probe->checks, NeoProxyCheck, i);
    if (neo_address_equal(&check->relay, relay))
      return check;
  }
  return NULL;
}

/* The relays of the plan; what is known of those that stay is kept. */
static void update_checks(Probe *probe, gint64 now)
{
  g_autoptr(GArray) checks = g_array_new(FALSE, FALSE, sizeof(NeoProxyCheck));

  for (guint i = 0; i < probe->plan->relays->len; i++) {
    const NeoAddress *relay = &g_array_index(probe->plan->relays, NeoProxyMapping, i).address;
    NeoProxyCheck *known = find_check(probe, relay);
    NeoProxyCheck check = { .relay = *relay, .well = !neo_proxy_plan_withholds(probe->plan, relay), .good_at = now };
    g_array_append_vals(checks, known ? known : &check, 1);
  }
  g_array_unref(probe->checks);
  probe->checks = g_steal_pointer(&checks);
}

static const NeoAddress *listen_address(const NeoProxyPlan *plan, sa_family_t family)
{
  for (guint i = 0; i < plan->listen->len; i++) {
    const NeoAddress *address = &g_array_index(plan->listen, NeoProxyMapping, i).address;
    if (address->family == family)
      return address;
  }
  return NULL;
}

static void update_clients(Probe *probe)
{
  for (guint i = 0; i < G_N_ELEMENTS(probe->client); i++) {
    NeoProxyClient *client = &probe->client[i];
    const NeoAddress *proxy = listen_address(probe->plan, i == 0 ? AF_INET : AF_INET6);
    if (!proxy || !neo_address_equal(&client->proxy, proxy))
      neo_proxy_client_clear(client);
    client->proxy = proxy ? *proxy : (NeoAddress){ 0 };
    client->local = probe->plan->probe_inside[i];
    client->port = g_array_index(probe->plan->ports, NeoProxyPort, 0).port;
    client->generic = probe->own;
    client->family = probe->family;
  }
}

/* FALSE if the proxy is not up any more. */
static gboolean read_state(Probe *probe, gint64 now)
{
  g_autofree char *dir = neo_proxy_state_dir(probe->name), *path = g_build_filename(dir, "state", NULL);
  struct stat seen;

  if (stat(path, &seen) < 0)
    return FALSE;
  if (probe->plan && seen.st_ino == probe->seen.st_ino && seen.st_mtim.tv_sec == probe->seen.st_mtim.tv_sec &&
      seen.st_mtim.tv_nsec == probe->seen.st_mtim.tv_nsec)
    return TRUE;
  NeoProxyPlan *plan = neo_proxy_state_load(probe->name);
  if (!plan)
    return FALSE;
  neo_proxy_plan_free(probe->plan);
  probe->plan = plan;
  probe->seen = seen;
  update_checks(probe, now);
  update_clients(probe);
  return TRUE;
}

static void check_relays(Probe *probe, guint i, gint64 now)
{
  NeoProxyClient *client = &probe->client[i];
  NeoProxyClientState state = client->proxy.family ? neo_proxy_client_connect(client, now) : NEO_CLIENT_DOWN;

  for (guint n = 0; state != NEO_CLIENT_DOWN && n < probe->checks->len; n++) {
    NeoProxyCheck *check = &g_array_index(probe->checks, NeoProxyCheck, n);
    if (check->relay.family != client->proxy.family)
      continue;
    if (state == NEO_CLIENT_NEW)
      neo_proxy_check_begin(check, client->gap, now);
    neo_proxy_client_check(client, check, now);
  }
  if (state != NEO_CLIENT_DOWN)
    client->gap = FALSE;
}

static gboolean has_changed(const Probe *probe)
{
  for (guint i = 0; i < probe->checks->len; i++) {
    const NeoProxyCheck *check = &g_array_index(probe->checks, NeoProxyCheck, i);
    if (check->well == neo_proxy_plan_withholds(probe->plan, &check->relay))
      return TRUE;
  }
  return FALSE;
}

static void withhold(const Probe *probe, NeoProxyPlan *plan)
{
  g_array_set_size(plan->withheld, 0);
  for (guint i = 0; i < plan->relays->len; i++) {
    const NeoAddress *relay = &g_array_index(plan->relays, NeoProxyMapping, i).address;
    const NeoProxyCheck *check = find_check(probe, relay);
    /* One that has just come with a reload waits for its own check. */
    if (!check || !check->well)
      g_array_append_vals(plan->withheld, relay, 1);
    if (check && check->well == neo_proxy_plan_withholds(probe->plan, relay))
      log_relay(probe, relay, check->well);
  }
}

/* The same way as a reload: what is announced, then the state. */
static gboolean announce(Probe *probe, GError **error)
{
  int fd = neo_proxy_lock(error);
  g_autoptr(NeoProxyPlan) plan = fd < 0 ? NULL : neo_proxy_state_load(probe->name);
  gboolean done = fd >= 0;

  if (plan) {
    withhold(probe, plan);
    done = neo_proxy_mptcp_announce(plan, probe->inside, error) && neo_proxy_link_announced(plan, probe->route, error) &&
           neo_proxy_state_save(plan, error);
  }
  if (fd >= 0)
    close(fd);
  return done;
}

static void tell_status(Probe *probe)
{
  guint well = 0;

  for (guint i = 0; i < probe->checks->len; i++)
    well += g_array_index(probe->checks, NeoProxyCheck, i).well;
  g_autofree char *status = g_strdup_printf("%u of %u relays work and are announced", well, probe->checks->len);
  if (g_strcmp0(status, probe->status) == 0)
    return;
  sd_notifyf(FALSE, "READY=1\nSTATUS=%s", status);
  g_free(probe->status);
  probe->status = g_steal_pointer(&status);
}

static int wait_ms(const Probe *probe, gint64 now)
{
  gint64 next = now + RECHECK;

  for (guint i = 0; i < probe->checks->len; i++) {
    const NeoProxyCheck *check = &g_array_index(probe->checks, NeoProxyCheck, i);
    if (probe->client[check->relay.family == AF_INET6].fd >= 0)
      next = MIN(next, neo_proxy_check_next(check, now));
  }
  for (guint i = 0; i < G_N_ELEMENTS(probe->client); i++)
    if (probe->client[i].proxy.family && probe->client[i].fd < 0)
      next = MIN(next, probe->client[i].retry_at);
  return CLAMP((next - now) / 1000 + 1, 1, RECHECK / 1000);
}

/* Until the proxy is not up any more. */
static gboolean serve(Probe *probe, GError **error)
{
  gint64 now;

  while (read_state(probe, now = g_get_monotonic_time())) {
    for (guint i = 0; i < G_N_ELEMENTS(probe->client); i++)
      check_relays(probe, i, g_get_monotonic_time());
    if (has_changed(probe) && !announce(probe, error))
      return FALSE;
    tell_status(probe);
    now = g_get_monotonic_time();
    poll(NULL, 0, wait_ms(probe, now));
  }
  return TRUE;
}

/* A netlink socket stays in the namespace that it was opened in. */
static gboolean open_sockets(Probe *probe, GError **error)
{
  g_autofree char *client = neo_proxy_probe_name(probe->name);
  int home;

  if (!neo_proxy_namespace_enter(probe->name, &home, error))
    return FALSE;
  probe->inside = neo_netlink_open(NETLINK_GENERIC, 0, error);
  probe->route = probe->inside ? neo_netlink_open(NETLINK_ROUTE, 0, error) : NULL;
  neo_proxy_namespace_leave(home);
  if (!probe->route || !neo_proxy_namespace_enter(client, &home, error))
    return FALSE;
  close(home);
  probe->own = neo_netlink_open(NETLINK_GENERIC, 0, error);
  return probe->own && neo_netlink_family(probe->own, MPTCP_PM_NAME, &probe->family, NULL, NULL, error);
}

/* What entering the namespaces took is not needed again. */
static gboolean drop_privileges(GError **error)
{
  struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
  struct __user_cap_data_struct kept[_LINUX_CAPABILITY_U32S_3] = { 0 };

  kept[CAP_TO_INDEX(CAP_NET_ADMIN)].effective = CAP_TO_MASK(CAP_NET_ADMIN);
  kept[CAP_TO_INDEX(CAP_NET_ADMIN)].permitted = CAP_TO_MASK(CAP_NET_ADMIN);
  return syscall(SYS_capset, &header, kept) == 0 || neo_error_set_errno(error, errno, "capset");
}

static void probe_clear(Probe *probe)
{
  for (guint i = 0; i < G_N_ELEMENTS(probe->client); i++)
    neo_proxy_client_clear(&probe->client[i]);
  neo_proxy_plan_free(probe->plan);
  neo_netlink_free(probe->inside);
  neo_netlink_free(probe->route);
  neo_netlink_free(probe->own);
  g_array_unref(probe->checks);
  g_free(probe->status);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Probe, probe_clear)

static gboolean run(const char *name, GError **error)
{
  g_auto(Probe) probe = { .name = name, .client = { { .fd = -1 }, { .fd = -1 } } };

  probe.checks = g_array_new(FALSE, FALSE, sizeof(NeoProxyCheck));
  if (!neo_proxy_name_valid(name)) {
    g_set_error(error, NEO_ERROR, NEO_ERROR_USAGE, "\"%s\" is not a name; expected 1 to 11 of a-z, A-Z, 0-9, _ and -", name);
    return FALSE;
  }
  return open_sockets(&probe, error) && drop_privileges(error) && serve(&probe, error);
}

int main(int argc, char **argv)
{
  g_autoptr(GError) error = NULL;

  neo_log_init("neo-probe");
  if (argc != 2) {
    fputs("usage: neo-probe NAME, for a proxy that is up with Probe=yes\n", stderr);
    return 64;
  }
  return run(argv[1], &error) ? 0 : neo_log_failure(error);
}
