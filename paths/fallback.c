/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "paths/fallback.h"

#include <linux/mptcp.h>
#include <netinet/in.h>
#include <string.h>

#include "common/sock-diag.h"
#include "common/sysctl.h"

/* How often the counters are read. */
#define CHECK_S 5

/* --- what the kernel says --- */

/* Counters of connections that were opened or accepted here (net/mptcp/mib.c); a kernel that lacks one does not have that reason. */
static const char *const reasons[] = {
  "MPCapableFallbackSYNACK", "MPCapableSYNTXDrop", "MPCapableDataFallback", "DSSCorruptionFallback", "DssFallback",
  "MD5SigFallback", "SimultConnectFallback", "MPFallbackTokenInit", "InfiniteMapRx", NULL,
};

static void take_counter(const char *name, guint64 value, NeoFallbackCounters *counters)
{
  if (g_str_equal(name, "Blackhole"))
    counters->blackhole = value;
  else if (g_strv_contains(reasons, name))
    counters->fallback += value;
}

gboolean neo_fallback_parse_counters(const char *text, NeoFallbackCounters *ret_counters)
{
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
  g_auto(GStrv) names = NULL;
  NeoFallbackCounters counters = { 0 };

  for (char **line = lines; *line; line++) {
    if (!g_str_has_prefix(*line, "MPTcpExt: "))
      continue;
    g_auto(GStrv) words = g_strsplit(*line, " ", -1);
    if (!names) {
      names = g_steal_pointer(&words);
      continue;
    }
    for (guint i = 1; names[i] && words[i]; i++)
      take_counter(names[i], g_ascii_strtoull(words[i], NULL, 10), &counters);
    *ret_counters = counters;
    return TRUE;
  }
  return FALSE;
}

static int take_flags(const struct nlattr *attr, void *data)
{
  struct mptcp_info info = { 0 };

  if (mnl_attr_get_type(attr) != INET_DIAG_INFO)
    return MNL_CB_OK;
  /* The structure grows at its end. */
  memcpy(&info, mnl_attr_get_payload(attr), MIN(mnl_attr_get_payload_len(attr), sizeof info));
  *(guint32 *)data = info.mptcpi_flags;
  return MNL_CB_OK;
}

gboolean neo_fallback_parse_socket(const struct nlmsghdr *message, NeoFallbackSocket *ret_socket)
{
  NeoFallbackSocket socket = { 0 };
  guint32 flags = 0;

  const struct inet_diag_msg *header = neo_sock_diag_read(message, &socket.local, &socket.remote);
  if (!header || header->idiag_state != NEO_SOCKET_ESTABLISHED || mnl_attr_parse(message, sizeof *header, take_flags, &flags) < MNL_CB_STOP)
    return FALSE;
  socket.remote_port = GUINT16_FROM_BE(header->id.idiag_dport);
  socket.fallback = (flags & MPTCP_INFO_FLAG_FALLBACK) != 0;
  *ret_socket = socket;
  return TRUE;
}

static int take_socket(const struct nlmsghdr *message, void *data)
{
  NeoFallbackSocket socket;

  if (neo_fallback_parse_socket(message, &socket))
    g_array_append_val((GArray *)data, socket);
  return MNL_CB_OK;
}

/* --- what is told --- */

struct NeoFallback {
  NeoNetlink *diag;
  NeoFallbackReport report;
  NeoFallbackCounters seen;
  GHashTable *names; /* address (char *) to interface (char *) */
  GHashTable *told;  /* interfaces (char *) whose connections fell back when they were last looked at */
  guint source;
};

static gboolean read_counters(NeoFallbackCounters *ret_counters)
{
  g_autofree char *text = NULL;

  return g_file_get_contents("/proc/self/net/netstat", &text, NULL, NULL) && neo_fallback_parse_counters(text, ret_counters);
}

static const char *name_of(const NeoFallback *fallback, const NeoFallbackSocket *socket)
{
  g_autofree char *local = neo_address_to_string(&socket->local);

  return g_hash_table_lookup(fallback->names, local);
}

static void tell_fallback(NeoFallback *fallback, const char *name, const NeoFallbackSocket *socket)
{
  g_autofree char *local = neo_address_to_string(&socket->local), *remote = neo_address_to_string(&socket->remote);
  g_autofree char *line = g_strdup_printf("%s: connection from %s to %s port %u goes on as plain TCP; the other side does not speak MPTCP, "
                                          "or something on the way removes or drops it", name, local, remote, socket->remote_port);

  fallback->report(name, NEO_MESSAGE_FALLBACK, line);
}

static void tell_again(NeoFallback *fallback, const char *name)
{
  g_autofree char *line = g_strdup_printf("%s: connections use MPTCP again", name);

  fallback->report(name, NEO_MESSAGE_MPTCP_AGAIN, line);
}

static void tell_blackhole(NeoFallback *fallback, const char *name)
{
  g_autofree char *seconds = neo_sysctl_read("net/mptcp/blackhole_timeout", NULL);
  g_autofree char *line = g_strdup_printf("%s%sthe kernel has switched MPTCP off for all new connections of this host, for %s s at least "
                                          "(net.mptcp.blackhole_timeout): requests with it got no answer, one without did", name ? name : "",
                                          name ? ": " : "", seconds ? seconds : "?");

  fallback->report(name, NEO_MESSAGE_BLACKHOLE, line);
}

/* Interfaces with connections in the state @fallen; interface (its own char *) to NeoFallbackSocket, which stays @sockets'. */
static GHashTable *group(const NeoFallback *fallback, const GArray *sockets, gboolean fallen)
{
  GHashTable *found = g_hash_table_new(g_str_hash, g_str_equal);

  for (guint i = 0; i < sockets->len; i++) {
    const NeoFallbackSocket *socket = &g_array_index(sockets, NeoFallbackSocket, i);
    const char *name = name_of(fallback, socket);
    if (name && socket->fallback == fallen)
      g_hash_table_insert(found, (gpointer)name, (gpointer)socket);
  }
  return found;
}

/* Whoever is in @fallen for the first time. */
static void tell_new(NeoFallback *fallback, GHashTable *fallen, gboolean blackhole)
{
  GHashTableIter iter;
  gpointer name, socket;

  g_hash_table_iter_init(&iter, fallen);
  while (g_hash_table_iter_next(&iter, &name, &socket)) {
    if (blackhole)
      tell_blackhole(fallback, name);
    if (g_hash_table_add(fallback->told, g_strdup(name)) && !blackhole)
      tell_fallback(fallback, name, socket);
  }
  if (blackhole && g_hash_table_size(fallen) == 0)
    tell_blackhole(fallback, NULL);
}

/* Whoever was told of and has connections, all of them with MPTCP. */
static void tell_healed(NeoFallback *fallback, GHashTable *fallen, GHashTable *well)
{
  GHashTableIter iter;
  gpointer name;

  g_hash_table_iter_init(&iter, fallback->told);
  while (g_hash_table_iter_next(&iter, &name, NULL))
    if (g_hash_table_contains(well, name) && !g_hash_table_contains(fallen, name)) {
      tell_again(fallback, name);
      g_hash_table_iter_remove(&iter);
    }
}

static void look(NeoFallback *fallback, gboolean blackhole)
{
  g_autoptr(GArray) sockets = g_array_new(FALSE, FALSE, sizeof(NeoFallbackSocket));

  if (!neo_sock_diag_dump(fallback->diag, IPPROTO_MPTCP, 1 << NEO_SOCKET_ESTABLISHED, take_socket, sockets, NULL))
    return;
  g_autoptr(GHashTable) fallen = group(fallback, sockets, TRUE), well = group(fallback, sockets, FALSE);
  tell_new(fallback, fallen, blackhole);
  tell_healed(fallback, fallen, well);
}

static gboolean check(gpointer data)
{
  NeoFallback *fallback = data;
  NeoFallbackCounters now;

  if (!read_counters(&now))
    return G_SOURCE_CONTINUE;
  gboolean blackhole = now.blackhole > fallback->seen.blackhole;
  if (blackhole || now.fallback > fallback->seen.fallback || g_hash_table_size(fallback->told))
    look(fallback, blackhole);
  fallback->seen = now;
  return G_SOURCE_CONTINUE;
}

/* --- the outside --- */

NeoFallback *neo_fallback_start(NeoFallbackReport report, GError **error)
{
  g_autoptr(NeoFallback) fallback = g_new0(NeoFallback, 1);

  fallback->report = report;
  fallback->names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  fallback->told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  fallback->diag = neo_netlink_open(NETLINK_SOCK_DIAG, 0, error);
  if (!fallback->diag)
    return NULL;
  /* What was counted before this start has been told, or happened when nobody listened: it is not news. */
  read_counters(&fallback->seen);
  fallback->source = g_timeout_add_seconds(CHECK_S, check, fallback);
  return g_steal_pointer(&fallback);
}

void neo_fallback_set_addresses(NeoFallback *fallback, const NeoObserved *seen)
{
  g_hash_table_remove_all(fallback->names);
  for (guint i = 0; i < seen->locals->len; i++) {
    const NeoLocal *local = &g_array_index(seen->locals, NeoLocal, i);
    const NeoLink *link = neo_observed_link(seen, local->link);
    if (link)
      g_hash_table_insert(fallback->names, neo_address_to_string(&local->address), g_strdup(link->name));
  }
}

void neo_fallback_free(NeoFallback *fallback)
{
  if (!fallback)
    return;
  if (fallback->source)
    g_source_remove(fallback->source);
  neo_netlink_free(fallback->diag);
  g_clear_pointer(&fallback->names, g_hash_table_unref);
  g_clear_pointer(&fallback->told, g_hash_table_unref);
  g_free(fallback);
}
