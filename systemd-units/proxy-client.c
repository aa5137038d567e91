/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "systemd-units/proxy-client.h"

#include <errno.h>
#include <linux/mptcp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "paths/pm-actions.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif
#ifndef SOL_MPTCP
#define SOL_MPTCP 284
#endif

#define CONNECT_MS 1000
#define RETRY (500 * G_TIME_SPAN_MILLISECOND)

/* What the proxy says is not wanted; only that it has ended. */
static gboolean has_ended(int fd)
{
  char buffer[4096];
  gssize n = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);

  return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

static gboolean open_connection(NeoProxyClient *client)
{
  struct mptcp_info info = { 0 };
  socklen_t size = sizeof info;
  int fd = -1;

  if (neo_probe_connect(&client->proxy, client->port, &client->local, IPPROTO_MPTCP, CONNECT_MS, &fd) != NEO_PROBE_OPEN)
    return FALSE;
  if (!neo_probe_is_mptcp(fd) || getsockopt(fd, SOL_MPTCP, MPTCP_INFO, &info, &size) < 0) {
    close(fd);
    return FALSE;
  }
  client->fd = fd;
  client->token = info.mptcpi_token;
  return TRUE;
}

NeoProxyClientState neo_proxy_client_connect(NeoProxyClient *client, gint64 now)
{
  if (client->fd >= 0 && !has_ended(client->fd))
    return NEO_CLIENT_UP;
  neo_proxy_client_clear(client);
  if (now < client->retry_at)
    return NEO_CLIENT_DOWN;
  client->retry_at = now + RETRY;
  if (open_connection(client))
    return NEO_CLIENT_NEW;
  client->gap = TRUE;
  return NEO_CLIENT_DOWN;
}

static void act(const NeoProxyClient *client, NeoPmStepKind kind, const NeoProxyCheck *check, guint16 local_port)
{
  NeoPmStep step = { .kind = kind,
                     .subflow = { .local = client->local,
                                  .local_port = local_port,
                                  .local_id = 1,
                                  .remote = check->relay,
                                  .remote_port = client->port,
                                  .remote_id = 1 } };

  /* A join that the kernel refuses, having no route perhaps, is one that does not work. */
  neo_pm_do(client->generic, client->family, client->token, &step, NULL, NULL);
}

void neo_proxy_client_check(NeoProxyClient *client, NeoProxyCheck *check, gint64 now)
{
  NeoProbeJoin join = { 0 };

  if (check->joining && !neo_probe_join(client->fd, &check->relay, client->port, &join))
    return;
  switch (neo_proxy_check_turn(check, &join, now)) {
  case NEO_CHECK_WAIT:
    break;
  case NEO_CHECK_JOIN:
    act(client, NEO_PM_CREATE, check, 0);
    break;
  case NEO_CHECK_CLOSE:
    act(client, NEO_PM_DESTROY, check, join.local_port);
    break;
  }
}

void neo_proxy_client_clear(NeoProxyClient *client)
{
  if (client->fd >= 0)
    close(client->fd);
  client->fd = -1;
}
