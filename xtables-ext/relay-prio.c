/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "xtables-ext/relay-prio.h"

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "xtables-ext/relay-nudge.h"
#include "xtables-ext/relay-segment.h"

/*
 * What was on its way when the option came takes a round trip and the queues; nothing for so long is the end of it. A flow that has just lost
 * segments is silent for longer (Linux sends again after the round trip and 200 ms, TCP_RTO_MIN, and then after twice that), so it is not
 * taken for idle before IDLE_MS.
 */
enum { QUIET_MS = 100, IDLE_MS = 1000, LOOK_MS = 10 };

/* One direction of a flow, found by its tuple. */
typedef struct {
  const NeoRelayTuple *tuple, *other;
  gboolean asked;
  gint64 data_at; /* when data was seen last; 0: never */
} Direction;

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

/* Repeats to the other end, from which the relay knows nothing, what this end has acknowledged. Its own numbers are those behind the segment. */
static void ask(const Direction *direction, const NeoRelaySegment *segment)
{
  neo_relay_send_prio(direction->other, segment->seq + segment->payload, segment->ack_seq, segment->window);
}

typedef struct {
  GHashTable *directions;
  guint silent; /* directions that nothing was seen of, so that their other ends could not be asked */
  gint64 data_at; /* when data of any of them was seen last */
} Watch;

static void take_segment(Watch *watch, const NeoRelaySegment *segment)
{
  Direction *direction = g_hash_table_lookup(watch->directions, &segment->tuple);

  if (!direction)
    return;
  if (!direction->asked && segment->ack && !segment->syn && !segment->rst) {
    ask(direction, segment);
    direction->asked = TRUE;
    watch->silent--;
  }
  if (segment->payload)
    direction->data_at = watch->data_at = g_get_monotonic_time();
}

static void take_packets(Watch *watch, int fd)
{
  guint8 packet[NEO_RELAY_SEGMENT_READ];
  gssize size;
  NeoRelaySegment segment;

  while ((size = recv(fd, packet, sizeof packet, MSG_DONTWAIT)) > 0)
    if (neo_relay_segment_parse(packet, size, &segment))
      take_segment(watch, &segment);
}

static void watch_packets(int fd, GHashTable *directions, gint64 end)
{
  gint64 begin = g_get_monotonic_time();
  Watch watch = { directions, g_hash_table_size(directions), begin };

  for (gint64 now = begin; now < end; now = g_get_monotonic_time()) {
    struct pollfd wait = { .fd = fd, .events = POLLIN };
    if (now >= watch.data_at + QUIET_MS * 1000 && (!watch.silent || now >= begin + IDLE_MS * 1000))
      return;
    poll(&wait, 1, LOOK_MS);
    take_packets(&watch, fd);
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
    watch_packets(fd, directions, end);
    close(fd);
  }
  return take_moved(directions);
}
