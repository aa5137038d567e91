/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "xtables-ext/relay-segment.h"

#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <string.h>

/* Returns the length of the header before TCP's, 0 if there is none; *ret_end is where the packet ends. */
static gsize read_ip4(const guint8 *packet, gsize size, NeoRelayTuple *tuple, gsize *ret_end)
{
  struct iphdr ip;

  if (size < sizeof ip)
    return 0;
  memcpy(&ip, packet, sizeof ip);
  if (ip.protocol != IPPROTO_TCP || g_ntohs(ip.frag_off) & IP_OFFMASK || ip.ihl * 4u < sizeof ip)
    return 0;
  neo_address_from_bytes(AF_INET, &ip.saddr, sizeof ip.saddr, &tuple->from);
  neo_address_from_bytes(AF_INET, &ip.daddr, sizeof ip.daddr, &tuple->to);
  *ret_end = g_ntohs(ip.tot_len);
  return ip.ihl * 4u;
}

static gsize read_ip6(const guint8 *packet, gsize size, NeoRelayTuple *tuple, gsize *ret_end)
{
  struct ip6_hdr ip;

  if (size < sizeof ip)
    return 0;
  memcpy(&ip, packet, sizeof ip);
  if (ip.ip6_nxt != IPPROTO_TCP)
    return 0;
  neo_address_from_bytes(AF_INET6, &ip.ip6_src, sizeof ip.ip6_src, &tuple->from);
  neo_address_from_bytes(AF_INET6, &ip.ip6_dst, sizeof ip.ip6_dst, &tuple->to);
  *ret_end = sizeof ip + g_ntohs(ip.ip6_plen);
  return sizeof ip;
}

static gsize read_ip(const guint8 *packet, gsize size, NeoRelayTuple *tuple, gsize *ret_end)
{
  switch (size ? packet[0] >> 4 : 0) {
  case 4:
    return read_ip4(packet, size, tuple, ret_end);
  case 6:
    return read_ip6(packet, size, tuple, ret_end);
  default:
    return 0;
  }
}

gboolean neo_relay_segment_parse(const guint8 *packet, gsize size, NeoRelaySegment *ret_segment)
{
  NeoRelaySegment segment = { 0 };
  struct tcphdr tcp;
  gsize end = 0, at = read_ip(packet, size, &segment.tuple, &end);

  if (!at || at + sizeof tcp > size)
    return FALSE;
  memcpy(&tcp, packet + at, sizeof tcp);
  gsize payload_at = at + tcp.doff * 4u;
  segment.tuple.from_port = g_ntohs(tcp.source);
  segment.tuple.to_port = g_ntohs(tcp.dest);
  segment.seq = g_ntohl(tcp.seq);
  segment.ack_seq = g_ntohl(tcp.ack_seq);
  segment.window = g_ntohs(tcp.window);
  segment.ack = tcp.ack;
  segment.syn = tcp.syn;
  segment.rst = tcp.rst;
  segment.payload = end > payload_at ? end - payload_at : 0;
  *ret_segment = segment;
  return TRUE;
}
