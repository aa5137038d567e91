/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "common/address.h"
#include "common/netlink.h"

/** A TCP socket that carries an MPTCP connection, as sock_diag(7) shows it. Ports are in host byte order. */
typedef struct {
  guint64 cookie;     /**< of this socket and no other, for as long as the kernel runs */
  guint32 token;      /**< of the connection; 0: the kernel does not say it to this user */
  guint32 remote_token; /**< what the other end calls it; likewise, and 0 for the subflow that the connection began with */
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
  gboolean counted;   /**< the kernel says @bytes (Linux 6.5) */
  guint64 bytes;      /**< sent and received */
} NeoMptcpSocket;

/** Reads one answer of the MPTCP dump. FALSE if it is broken. Pure. */
gboolean neo_sockets_parse_connection(const struct nlmsghdr *message, NeoMptcpSocket *ret_socket);

/** Reads one answer of the TCP dump. FALSE if it is no subflow (INET_DIAG_ULP_INFO, linux/inet_diag.h), or broken. Pure. */
gboolean neo_sockets_parse_subflow(const struct nlmsghdr *message, NeoSubflowSocket *ret_socket);

typedef void (*NeoTakeConnection)(const NeoMptcpSocket *socket, gpointer data);
typedef void (*NeoTakeSubflow)(const NeoSubflowSocket *socket, gpointer data);

/**
 * Calls @take_connection (may be NULL) for each MPTCP socket of the namespace of @diag (a NETLINK_SOCK_DIAG socket), then @take_subflow for each
 * subflow. Nothing is kept: of many thousand subflows one is in memory at a time.
 */
gboolean neo_sockets_each(NeoNetlink *diag, NeoTakeConnection take_connection, NeoTakeSubflow take_subflow, gpointer data, GError **error);

/** How many TCP sockets the namespace has (/proc/net/sockstat): a guess at what neo_sockets_each() costs, before. 0 if it cannot be read. */
guint neo_sockets_count(void);
