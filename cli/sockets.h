/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "common/address.h"
#include "common/netlink.h"

/** A TCP socket that carries an MPTCP connection, as sock_diag(7) shows it. Ports are in host byte order. */
typedef struct {
  guint32 token;      /**< of the connection; 0: the kernel does not say it to this user */
  NeoAddress local, remote;
  guint16 local_port, remote_port;
  int link;           /**< the interface that it is bound to, 0 for none */
  guint8 local_id, remote_id; /**< as announced; 0: the address that the connection began with */
  gboolean up;        /**< established; else its SYN has had no answer yet */
  gboolean backup;
  gboolean fallback;  /**< the other end did not answer with MPTCP: it is plain TCP, and no connection is listed for it */
  guint64 bytes_in, bytes_out; /**< received; acknowledged by the other end */
  guint32 rtt_us;     /**< smoothed; 0: not measured */
  guint32 retransmits;
} NeoSubflowSocket;

/** An MPTCP socket. */
typedef struct {
  guint32 token;      /**< 0: the kernel does not say it to this user */
  gboolean fallback;  /**< it has become plain TCP */
  NeoAddress local, remote;
  guint16 local_port, remote_port;
} NeoMptcpSocket;

/** All MPTCP sockets of a network namespace and their subflows. */
typedef struct {
  GArray *connections; /**< NeoMptcpSocket */
  GArray *subflows;    /**< NeoSubflowSocket */
  gint64 taken_at;     /**< monotonic microseconds */
} NeoSockets;

/** Reads one answer of the MPTCP dump. FALSE if it is broken. Pure. */
gboolean neo_sockets_parse_connection(const struct nlmsghdr *message, NeoMptcpSocket *ret_socket);

/** Reads one answer of the TCP dump. FALSE if it is no subflow (INET_DIAG_ULP_INFO, linux/inet_diag.h), or broken. Pure. */
gboolean neo_sockets_parse_subflow(const struct nlmsghdr *message, NeoSubflowSocket *ret_socket);

/** Reads all of the namespace of @diag (a NETLINK_SOCK_DIAG socket): a dump for each protocol and family. The caller owns it. */
NeoSockets *neo_sockets_dump(NeoNetlink *diag, GError **error);

NeoSockets *neo_sockets_new(void);
void neo_sockets_free(NeoSockets *sockets);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NeoSockets, neo_sockets_free)
