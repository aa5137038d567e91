/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "common/address.h"

/*
 * Single SYNs of Multipath TCP by raw sockets (raw(7), CAP_NET_RAW): what answers them, and where on the way their option is lost. The kernel, which
 * knows of no such connection, resets what is answered.
 */

typedef enum {
  NEO_JOIN_UNSEEN,   /**< it could not be sent: no privilege */
  NEO_JOIN_ANSWERED, /**< with MP_JOIN */
  NEO_JOIN_LOST,     /**< as a plain TCP connection: the option was lost on the way or the other end does not know the connection */
  NEO_JOIN_REFUSED,  /**< by an MPTCP host, with a reason (MP_TCPRST) */
  NEO_JOIN_CLOSED,   /**< by a reset without a reason */
  NEO_JOIN_SILENT,
} NeoJoinAnswer;

typedef struct {
  NeoJoinAnswer answer;
  guint8 reason;  /**< RFC 8684, section 3.6 */
  gint64 took_us;
} NeoCheckJoin;

/** Sends one SYN with MP_JOIN from @from to @to at @port, for the connection that the other end calls @token, and waits at most two seconds. */
NeoCheckJoin neo_check_join(const NeoAddress *from, const NeoAddress *to, guint16 port, guint32 token);

/** What routers on a way quoted of a SYN with MP_CAPABLE whose time to live ended there. Hops count from 1; 0: none. */
typedef struct {
  gboolean sent;
  guint with, without;   /**< the last that got the option, the first that got the SYN without it */
  guint mute;            /**< hops that said nothing, or quoted too little */
  NeoAddress with_hop, without_hop;
  gboolean reached;      /**< the other end has answered */
  gboolean answered;     /**< with the option */
} NeoCheckWhere;

/** Sends such SYNs with a time to live of 1, 2, ... until the other end answers, at most 30. Takes some seconds where routers are mute. */
NeoCheckWhere neo_check_where(const NeoAddress *from, const NeoAddress *to, guint16 port);

/** What follows from that, as a sentence; NULL if nothing does. Pure. The caller owns it. */
char *neo_check_where_text(const NeoCheckWhere *where);
