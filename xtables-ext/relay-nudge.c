/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "xtables-ext/relay-nudge.h"

#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#include "xtables-ext/relay-drain-rules.h"

static guint32 add_words(guint32 sum, const void *bytes, gsize size)
{
  const guint8 *byte = bytes;

  for (gsize i = 0; i < size; i += 2)
    sum += (guint32)byte[i] << 8 | byte[i + 1];
  return sum;
}

/* A segment without data. */
typedef struct {
  struct tcphdr header;
  guint8 option[4];
} Segment;

G_STATIC_ASSERT(sizeof(Segment) == sizeof(struct tcphdr) + 4);

/* The Internet checksum (RFC 1071) of a header and its pseudo header, in network byte order. */
static guint16 checksum(const NeoRelayTuple *tuple, const Segment *segment, gsize size)
{
  guint32 sum = IPPROTO_TCP + size;

  sum = add_words(sum, tuple->from.bytes, neo_address_size(&tuple->from));
  sum = add_words(sum, tuple->to.bytes, neo_address_size(&tuple->to));
  sum = add_words(sum, segment, size);
  sum = (sum & 0xffff) + (sum >> 16);
  sum += sum >> 16;
  return g_htons(~sum & 0xffff);
}

static int open_socket(const NeoAddress *own)
{
  struct sockaddr_storage from;
  socklen_t size = neo_address_to_sockaddr(own, 0, &from);
  int mark = NEO_RELAY_DRAIN_MARK, fd = socket(own->family, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_TCP);

  if (fd < 0)
    return -1;
  if (setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof mark) == 0 && bind(fd, (struct sockaddr *)&from, size) == 0)
    return fd;
  close(fd);
  return -1;
}

static void send_segment(const NeoRelayTuple *tuple, Segment *segment, gsize size)
{
  struct sockaddr_storage to;
  socklen_t to_size = neo_address_to_sockaddr(&tuple->from, 0, &to);
  int fd = open_socket(&tuple->to);

  if (fd < 0)
    return;
  segment->header.source = g_htons(tuple->to_port);
  segment->header.dest = g_htons(tuple->from_port);
  segment->header.doff = size / 4;
  segment->header.ack = 1;
  segment->header.check = checksum(tuple, segment, size);
  sendto(fd, segment, size, MSG_DONTWAIT, (struct sockaddr *)&to, to_size);
  close(fd);
}

void neo_relay_nudge(const NeoRelayTuple *tuple)
{
  Segment segment = { .header = { .seq = g_random_int(), .ack_seq = g_random_int() } };

  send_segment(tuple, &segment, sizeof segment.header);
}

void neo_relay_send_prio(const NeoRelayTuple *tuple, guint32 number, guint32 acknowledged, guint16 window)
{
  Segment segment = {
    .header = { .seq = g_htonl(number), .ack_seq = g_htonl(acknowledged), .window = g_htons(window) },
    .option = { 30, 3, 0x51, 1 },
  };

  send_segment(tuple, &segment, sizeof segment);
}
