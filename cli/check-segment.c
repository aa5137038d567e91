/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/check-segment.h"

#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <string.h>

enum {
  IP_HEADER = 20, IP6_HEADER = 40, IP6_NEXT = 6, ICMP_HEADER = 8, TCP_HEADER = 20, TCP_PORTS = 4,
  OPTION_END = 0, OPTION_NOP = 1, OPTION_MSS = 2, OPTION_MPTCP = 30,
  MP_CAPABLE = 0, MP_JOIN = 1, MP_TCPRST = 8,
  FLAG_SYN = 0x02, FLAG_RST = 0x04, FLAG_ACK = 0x10,
};

guint16 neo_check_sum(const guint8 *bytes, gsize size, guint32 before)
{
  guint32 sum = before;

  for (gsize i = 0; i + 1 < size; i += 2)
    sum += bytes[i] << 8 | bytes[i + 1];
  if (size % 2)
    sum += bytes[size - 1] << 8;
  while (sum >> 16)
    sum = (sum & 0xffff) + (sum >> 16);
  return ~sum;
}

static void put16(guint8 *at, guint16 value)
{
  at[0] = value >> 8;
  at[1] = value;
}

static void put32(guint8 *at, guint32 value)
{
  put16(at, value >> 16);
  put16(at + 2, value);
}

static guint16 get16(const guint8 *at)
{
  return at[0] << 8 | at[1];
}

/* The address identifier of a join is one that no path manager gives away soon: the join is not completed. */
static gsize put_options(const NeoCheckSyn *syn, guint8 *at)
{
  static const guint8 capable[] = { OPTION_MSS, 4, 1460 >> 8, 1460 & 0xff, OPTION_MPTCP, 4, MP_CAPABLE << 4 | 1, 1 };
  static const guint8 join[] = { OPTION_MSS, 4, 1460 >> 8, 1460 & 0xff, OPTION_MPTCP, 12, MP_JOIN << 4, 254 };

  memcpy(at, syn->join ? join : capable, sizeof capable);
  if (!syn->join)
    return sizeof capable;
  put32(at + sizeof join, syn->token);
  put32(at + sizeof join + 4, syn->number);
  return sizeof join + 8;
}

gsize neo_check_syn_build(const NeoCheckSyn *syn, guint8 segment[NEO_CHECK_SYN_MAX])
{
  memset(segment, 0, NEO_CHECK_SYN_MAX);
  gsize size = TCP_HEADER + put_options(syn, segment + TCP_HEADER);

  put16(segment, syn->from_port);
  put16(segment + 2, syn->to_port);
  put32(segment + 4, syn->number);
  segment[12] = size / 4 << 4;
  segment[13] = FLAG_SYN;
  put16(segment + 14, G_MAXUINT16);
  /* The pseudo header of RFC 9293, section 3.1, and RFC 8200, section 8.1: both addresses, the protocol and the length. */
  guint32 pseudo = IPPROTO_TCP + size;
  for (guint i = 0; i < (syn->from.family == AF_INET ? 4 : 16); i += 2)
    pseudo += get16(syn->from.bytes + i) + get16(syn->to.bytes + i);
  put16(segment + 16, neo_check_sum(segment, size, pseudo));
  return size;
}

static void take_mptcp(const guint8 *option, gsize length, NeoCheckSegment *segment)
{
  if (segment->mptcp || length < 3)
    return;
  segment->mptcp = TRUE;
  segment->subtype = option[2] >> 4;
  if (segment->subtype == MP_TCPRST && length > 3)
    segment->reason = option[3];
}

static void take_options(const guint8 *options, gsize size, NeoCheckSegment *segment)
{
  for (gsize at = 0; at < size && options[at] != OPTION_END;) {
    gsize length = options[at] == OPTION_NOP ? 1 : at + 1 < size ? options[at + 1] : 0;
    if (!length || at + length > size || (options[at] != OPTION_NOP && length < 2))
      return;
    if (options[at] == OPTION_MPTCP)
      take_mptcp(options + at, length, segment);
    at += length;
  }
}

/* The size of the IP header, 0 if @packet is not one of @protocol. */
static gsize ip_header(const guint8 *packet, gsize size, guint8 protocol)
{
  gsize header = size >= IP_HEADER && packet[0] >> 4 == 4 ? (packet[0] & 15) * 4 : 0;

  return header >= IP_HEADER && header <= size && packet[9] == protocol ? header : 0;
}

static gboolean read_tcp(const guint8 *tcp, gsize size, NeoCheckSegment *ret_segment)
{
  NeoCheckSegment segment = { 0 };

  if (size < TCP_PORTS)
    return FALSE;
  segment.from_port = get16(tcp);
  segment.to_port = get16(tcp + 2);
  gsize header = size >= TCP_HEADER ? (tcp[12] >> 4) * 4 : 0;
  if (header) {
    segment.syn = (tcp[13] & FLAG_SYN) != 0;
    segment.ack = (tcp[13] & FLAG_ACK) != 0;
    segment.rst = (tcp[13] & FLAG_RST) != 0;
  }
  segment.whole = header >= TCP_HEADER && header <= size;
  if (segment.whole)
    take_options(tcp + TCP_HEADER, header - TCP_HEADER, &segment);
  *ret_segment = segment;
  return TRUE;
}

static gboolean read_ip4(const guint8 *packet, gsize size, NeoCheckSegment *ret_segment)
{
  gsize header = ip_header(packet, size, IPPROTO_TCP);

  return header && read_tcp(packet + header, size - header, ret_segment);
}

gboolean neo_check_segment_parse(sa_family_t family, const guint8 *packet, gsize size, NeoCheckSegment *ret_segment)
{
  return family == AF_INET ? read_ip4(packet, size, ret_segment) : read_tcp(packet, size, ret_segment);
}

static gboolean read_quote4(const guint8 *packet, gsize size, NeoCheckSegment *ret_segment)
{
  gsize header = ip_header(packet, size, IPPROTO_ICMP);

  return header && size - header > ICMP_HEADER && packet[header] == ICMP_TIME_EXCEEDED && packet[header + 1] == ICMP_EXC_TTL &&
         read_ip4(packet + header + ICMP_HEADER, size - header - ICMP_HEADER, ret_segment);
}

static gboolean read_quote6(const guint8 *packet, gsize size, NeoCheckSegment *ret_segment)
{
  const gsize before = ICMP_HEADER + IP6_HEADER;

  return size > before && packet[0] == ICMP6_TIME_EXCEEDED && packet[1] == ICMP6_TIME_EXCEED_TRANSIT && packet[ICMP_HEADER] >> 4 == 6 &&
         packet[ICMP_HEADER + IP6_NEXT] == IPPROTO_TCP && read_tcp(packet + before, size - before, ret_segment);
}

gboolean neo_check_quote_parse(sa_family_t family, const guint8 *packet, gsize size, NeoCheckSegment *ret_segment)
{
  return family == AF_INET ? read_quote4(packet, size, ret_segment) : read_quote6(packet, size, ret_segment);
}
