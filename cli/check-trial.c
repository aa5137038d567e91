/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/check-trial.h"

#include <errno.h>
#include <linux/sockios.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/check-mtu.h"
#include "cli/sockets.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

enum { CONNECT_MS = 3000, JOIN_MS = 3000, DATA_MS = 3000, POLL_MS = 10 };

/* What is sent to the proxy: no protocol answers it but by closing. */
static const char greeting[NEO_TRIAL_BYTES + 1] = "\r\n\r\n";

NeoTrial *neo_trial_new(const char *interface, const NeoAddress *from, const NeoAddress *to, guint16 port, const GArray *relays)
{
  NeoTrial *trial = g_new0(NeoTrial, 1);

  *trial = (NeoTrial){
    .from = *from, .to = *to, .port = port, .relays = relays,
    .joined = g_array_new(FALSE, FALSE, sizeof(NeoAddress)), .joins = g_array_new(FALSE, FALSE, sizeof(NeoTrialJoin)),
  };
  g_strlcpy(trial->interface, interface, sizeof trial->interface);
  return trial;
}

void neo_trial_free(NeoTrial *trial)
{
  g_array_unref(trial->joined);
  g_array_unref(trial->joins);
  g_free(trial);
}

static const NeoAddress *target_of(const NeoTrial *trial)
{
  return trial->relay.family ? &trial->relay : &trial->to;
}

static void watch_joins(NeoTrial *trial, int fd)
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

/* Where a connection comes from. */
static gboolean local_of(int fd, NeoAddress *ret_address, guint16 *ret_port)
{
  struct sockaddr_storage sa;
  socklen_t size = sizeof sa;

  return getsockname(fd, (struct sockaddr *)&sa, &size) == 0 && neo_address_from_sockaddr((struct sockaddr *)&sa, ret_address, ret_port);
}

typedef struct {
  NeoAddress local;
  guint16 port;
  guint32 token;
  GHashTable *remote_tokens; /* by ours */
} Tokens;

static void take_tokens(const NeoSubflowSocket *socket, gpointer data)
{
  Tokens *tokens = data;

  if (socket->local_port == tokens->port && neo_address_equal(&socket->local, &tokens->local))
    tokens->token = socket->token;
  if (socket->remote_token)
    g_hash_table_insert(tokens->remote_tokens, GUINT_TO_POINTER(socket->token), GUINT_TO_POINTER(socket->remote_token));
}

/* What the other end calls the connection: the kernel keeps it with the subflows that have joined. 0: there is none. */
static guint32 remote_token(const NeoAddress *local, guint16 port)
{
  g_autoptr(NeoNetlink) diag = neo_netlink_open(NETLINK_SOCK_DIAG, 0, NULL);
  g_autoptr(GHashTable) remote_tokens = g_hash_table_new(NULL, NULL);
  Tokens tokens = { *local, port, 0, remote_tokens };

  if (!diag || !neo_sockets_each(diag, NULL, take_tokens, &tokens, NULL) || !tokens.token)
    return 0;
  return GPOINTER_TO_UINT(g_hash_table_lookup(remote_tokens, GUINT_TO_POINTER(tokens.token)));
}

/* A SYN for each relay, as the kernel chooses by itself from where it joins. */
static void try_joins(NeoTrial *trial, int fd)
{
  NeoAddress local;
  guint16 port;
  guint32 token = local_of(fd, &local, &port) ? remote_token(&local, port) : 0;

  if (!token)
    return;
  for (guint i = 0; i < trial->relays->len; i++) {
    NeoTrialJoin join = { .relay = g_array_index(trial->relays, NeoAddress, i) };
    join.join = neo_check_join(&local, &join.relay, trial->port, token);
    g_array_append_val(trial->joins, join);
  }
}

/* Sends some bytes and the end of data, then reads until the other end closes, or time is up. */
static void exchange(NeoTrial *trial, int fd)
{
  gint64 end = g_get_monotonic_time() + DATA_MS * 1000;
  struct pollfd watch = { .fd = fd, .events = POLLIN };
  int left = send(fd, greeting, strlen(greeting), MSG_NOSIGNAL);
  char buffer[4096];

  trial->out = MAX(left, 0);
  shutdown(fd, SHUT_WR);
  for (gssize size = 1; size > 0 && g_get_monotonic_time() < end;) {
    if (poll(&watch, 1, POLL_MS) <= 0)
      continue;
    size = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
    trial->in += MAX(size, 0);
  }
  if (ioctl(fd, SIOCOUTQ, &left) == 0)
    trial->out -= MIN(trial->out, (guint)MAX(left, 0));
}

static void look_where(NeoTrial *trial, int fd)
{
  NeoAddress from;
  guint16 port;

  if (local_of(fd, &from, &port))
    trial->where = neo_check_where(&from, target_of(trial), trial->port);
}

static void use(NeoTrial *trial, int fd)
{
  trial->mptcp = neo_probe_is_mptcp(fd);
  if (trial->mptcp && !trial->relay.family) {
    watch_joins(trial, fd);
    try_joins(trial, fd);
  }
  exchange(trial, fd);
  trial->kept = trial->mptcp && neo_probe_is_mptcp(fd);
  if (!trial->kept)
    look_where(trial, fd);
}

void neo_trial_run(NeoTrial *trial)
{
  gint64 begin = g_get_monotonic_time();
  int fd = -1;

  trial->answer = neo_probe_connect(target_of(trial), trial->port, &trial->from, IPPROTO_MPTCP, CONNECT_MS, &fd);
  trial->errnum = errno;
  trial->took_us = g_get_monotonic_time() - begin;
  if (trial->answer == NEO_PROBE_OPEN)
    use(trial, fd);
  else if (trial->answer == NEO_PROBE_SILENT)
    trial->plain = neo_probe_connect(target_of(trial), trial->port, &trial->from, IPPROTO_TCP, CONNECT_MS, &fd) == NEO_PROBE_OPEN;
  if (trial->plain)
    look_where(trial, fd);
  if (fd >= 0)
    close(fd);
  if (!trial->relay.family)
    neo_check_mtu(&trial->from, &trial->to, trial->interface, &trial->mtu, &trial->passes);
}
