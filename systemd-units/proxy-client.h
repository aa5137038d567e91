/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "common/netlink.h"
#include "systemd-units/proxy-check.h"

/** A client of the proxy that asks its kernel for each join itself (userspace path manager). */
typedef struct {
  NeoAddress local, proxy;
  guint16 port;
  NeoNetlink *generic; /**< of the client's namespace; not owned */
  guint16 family;      /**< mptcp_pm */
  int fd;              /**< -1: no connection */
  guint32 token;
  gboolean gap;        /**< the last attempt to connect failed */
  gint64 retry_at;     /**< monotonic microseconds */
} NeoProxyClient;

typedef enum {
  NEO_CLIENT_DOWN, /**< the proxy itself is not reached with Multipath TCP */
  NEO_CLIENT_NEW,  /**< a connection was made just now */
  NEO_CLIENT_UP,
} NeoProxyClientState;

/** Connects if there is no connection, or the proxy has closed it. Waits for an answer, at most a second. */
NeoProxyClientState neo_proxy_client_connect(NeoProxyClient *client, gint64 now);

/** Does the next step of @check on a connection that is up. */
void neo_proxy_client_check(NeoProxyClient *client, NeoProxyCheck *check, gint64 now);

void neo_proxy_client_clear(NeoProxyClient *client);
