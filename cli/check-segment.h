/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "common/address.h"

/*
 * A SYN of Multipath TCP as bytes, and what comes back for it. Pure.
 */

/** A SYN that begins a connection (MP_CAPABLE) or joins one (MP_JOIN), RFC 8684, section 3. */
typedef struct {
  NeoAddress from, to;
  guint16 from_port, to_port;
  guint32 number;  /**< the sequence number; with a join also the nonce */
  gboolean join;
  guint32 token;   /**< of the connection to join, as the other end names it */
} NeoCheckSyn;

enum { NEO_CHECK_SYN_MAX = 36 };

/** Writes the segment, without an IP header, and returns its size. */
gsize neo_check_syn_build(const NeoCheckSyn *syn, guint8 segment[NEO_CHECK_SYN_MAX]);

/** What a TCP segment says. */
typedef struct {
  guint16 from_port, to_port;
  gboolean syn, ack, rst;
  gboolean whole;    /**< all options were there to be read; FALSE in a router's short quotation */
  gboolean mptcp;    /**< it has an option of MPTCP */
  guint8 subtype;    /**< of the first one: MP_CAPABLE 0, MP_JOIN 1, MP_TCPRST 8 */
  guint8 reason;     /**< of MP_TCPRST */
} NeoCheckSegment;

/**
 * Reads what a raw socket of @family for TCP received: IPv4 comes with its header (raw(7)), IPv6 without (RFC 3542, section 3). FALSE if it is something
 * else, or not even the ports are there.
 */
gboolean neo_check_segment_parse(sa_family_t family, const guint8 *packet, gsize size, NeoCheckSegment *ret_segment);

/**
 * The same of a raw socket for ICMP (RFC 792) or ICMPv6 (RFC 4443), where a router says that the time to live ended: the segment that it quotes. One with
 * IPv6 extension headers is not read.
 */
gboolean neo_check_quote_parse(sa_family_t family, const guint8 *packet, gsize size, NeoCheckSegment *ret_segment);

/** The Internet checksum (RFC 1071) of @bytes and of what was summed up before (0: nothing). */
guint16 neo_check_sum(const guint8 *bytes, gsize size, guint32 before);
