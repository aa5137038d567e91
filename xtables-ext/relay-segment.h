/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "xtables-ext/relay-flows.h"

/** What a relay has to know of a TCP segment that passes by. Numbers are in host byte order. */
typedef struct {
  NeoRelayTuple tuple;
  guint32 seq, ack_seq;
  guint16 window;
  gboolean ack, syn, rst;
  guint payload; /**< bytes of data, as the IP header says: they need not have been read */
} NeoRelaySegment;

/** How much of a packet is enough: the longest IPv4 header, and TCP's without options. */
#define NEO_RELAY_SEGMENT_READ 80

/**
 * Reads the beginning of an IP packet (RFC 791, RFC 8200, RFC 9293). Pure. FALSE if it is no TCP, a later fragment, or too short; an IPv6
 * packet with extension headers is not read.
 */
gboolean neo_relay_segment_parse(const guint8 *packet, gsize size, NeoRelaySegment *ret_segment);
