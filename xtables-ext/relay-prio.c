/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "xtables-ext/relay-prio.h"

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "xtables-ext/relay-flows.h"
#include "xtables-ext/relay-nudge.h"

/* What was on its way when the option came takes a round trip and the queues; nothing for so long is the end of it. */
enum { QUIET_MS = 100, LOOK_MS = 10 };

/* One direction of a flow, found by its tuple. */
typedef struct {
  const NeoRelayTuple *tuple, *other;
  gboolean asked;
  gint64 data_at; /* when data was seen last; 0: never */
} Direction;

typedef struct {
  NeoRelayTuple tuple;
  struct tcphdr header;
  guint payload;
} Segment;

static void add_direction(GHashTable *directions, const NeoRelayTuple *tuple, const NeoRelayTuple *other)
{
  Direction *direction = g_new0(Direction, 1);

  *direction = (Direction){ .tuple = tuple, .other = other };
  g_hash_table_insert(directions, (gpointer)tuple, direction);
}

static GHashTable *directions_of(const GArray *flows)
{
  GHashTable *directions = g_hash_table_new_full(neo_relay_tuple_hash, neo_relay_tuple_equal, NULL, g_free);

  for (guint i = 0; i < flows->len; i++) {
    const NeoRelayFlow *flow = &g_array_index(flows, NeoRelayFlow, i);
    if (!flow->open)
      continue;
    add_direction(directions, &flow->original, &flow->reply);
    add_direction(directions, &flow->reply, &flow->original);
  }
  return directions;
}

/* The length of the IP header with the addresses, and of all of the packet; 0 if it is no whole TCP. */
static gsize read_ip(const guint8 *packet, gsize size, Segment *segment, gsize *ret_end)
{
  struct iphdr four;
  struct ip6_hdr six;

  if (size >= sizeof four && packet[0] >> 4 == 4) {
    memcpy(&four, packet, sizeof four);
    neo_address_from_bytes(AF_INET, &four.saddr, sizeof four.saddr, &segment->tuple.from);
    neo_address_from_bytes(AF_INET, &four.daddr, sizeof four.daddr, &segment->tuple.to);
    *ret_end = g_ntohs(four.tot_len);
    return four.protocol == IPPROTO_TCP && !(g_ntohs(four.frag_off) & IP_OFFMASK) ? four.ihl * 4u : 0;
  }
  if (size < sizeof six || packet[0] >> 4 != 6)
    return 0;
  memcpy(&six, packet, sizeof six);
  neo_address_from_bytes(AF_INET6, &six.ip6_src, sizeof six.ip6_src, &segment->tuple.from);
  neo_address_from_bytes(AF_INET6, &six.ip6_dst, sizeof six.ip6_dst, &segment->tuple.to);
  *ret_end = sizeof six + g_ntohs(six.ip6_plen);
  return six.ip6_nxt == IPPROTO_TCP ? sizeof six : 0;
}

static gboolean read_segment(const guint8 *packet, gsize size, Segment *ret_segment)
{
  Segment segment = { 0 };
  gsize end = 0, at = read_ip(packet, size, &segment, &end);

  if (!at || at + sizeof segment.header > size)
    return FALSE;
  memcpy(&segment.header, packet + at, sizeof segment.header);
  gsize payload_at = at + segment.header.doff * 4u;
  segment.tuple.from_port = g_ntohs(segment.header.source);
  segment.tuple.to_port = g_ntohs(segment.header.dest);
  segment.payload = end > payload_at ? end - payload_at : 0;
  *ret_segment = segment;
  return TRUE;
}

/* Repeats to the other end, from which the relay knows nothing, what this end has acknowledged. Its own numbers are those behind the segment. */
static void ask(const Direction *direction, const Segment *segment)
{
  guint32 next = g_ntohl(segment->header.seq) + segment->payload;

  neo_relay_send_prio(direction->other, next, g_ntohl(segment->header.ack_seq), g_ntohs(segment->header.window));
}

/* Returns whether the segment carries data of one of the flows. */
static gboolean take_segment(GHashTable *directions, const Segment *segment)
{
  Direction *direction = g_hash_table_lookup(directions, &segment->tuple);

  if (!direction)
    return FALSE;
  if (!direction->asked && segment->header.ack && !segment->header.syn && !segment->header.rst) {
    ask(direction, segment);
    direction->asked = TRUE;
  }
  if (segment->payload)
    direction->data_at = g_get_monotonic_time();
  return segment->payload > 0;
}

/* Only the headers are copied. */
static gboolean take_packets(int fd, GHashTable *directions)
{
  guint8 packet[160];
  gboolean data = FALSE;
  gssize size;
  Segment segment;

  while ((size = recv(fd, packet, sizeof packet, MSG_DONTWAIT)) > 0)
    if (read_segment(packet, size, &segment))
      data |= take_segment(directions, &segment);
  return data;
}

static void watch(int fd, GHashTable *directions, gint64 end)
{
  gint64 now = g_get_monotonic_time(), quiet_at = now + QUIET_MS * 1000;

  for (; now < MIN(quiet_at, end); now = g_get_monotonic_time()) {
    struct pollfd wait = { .fd = fd, .events = POLLIN };
    poll(&wait, 1, LOOK_MS);
    if (take_packets(fd, directions))
      quiet_at = g_get_monotonic_time() + QUIET_MS * 1000;
  }
}

static GHashTable *take_moved(GHashTable *directions)
{
  GHashTable *moved = g_hash_table_new_full(neo_relay_tuple_hash, neo_relay_tuple_equal, g_free, NULL);
  gint64 quiet_since = g_get_monotonic_time() - QUIET_MS * 1000;
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init(&iter, directions);
  while (g_hash_table_iter_next(&iter, NULL, &value)) {
    const Direction *direction = value;
    if (direction->data_at && direction->data_at < quiet_since)
      g_hash_table_add(moved, g_memdup2(direction->tuple, sizeof *direction->tuple));
  }
  return moved;
}

GHashTable *neo_relay_prio(const GArray *flows, gint64 end)
{
  g_autoptr(GHashTable) directions = directions_of(flows);
  int fd = g_hash_table_size(directions) ? socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, g_htons(ETH_P_ALL)) : -1;

  if (fd >= 0) {
    watch(fd, directions, end);
    close(fd);
  }
  return take_moved(directions);
}
