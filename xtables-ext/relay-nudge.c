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

/* The Internet checksum (RFC 1071) of a header and its pseudo header, in network byte order. */
static guint16 checksum(const NeoRelayTuple *tuple, const struct tcphdr *header)
{
  guint32 sum = IPPROTO_TCP + sizeof *header;

  sum = add_words(sum, tuple->from.bytes, neo_address_size(&tuple->from));
  sum = add_words(sum, tuple->to.bytes, neo_address_size(&tuple->to));
  sum = add_words(sum, header, sizeof *header);
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

void neo_relay_nudge(const NeoRelayTuple *tuple)
{
  struct tcphdr header = {
    .source = g_htons(tuple->to_port), .dest = g_htons(tuple->from_port), .seq = g_random_int(), .ack_seq = g_random_int(),
    .doff = sizeof header / 4, .ack = 1,
  };
  struct sockaddr_storage to;
  socklen_t size = neo_address_to_sockaddr(&tuple->from, 0, &to);
  int fd = open_socket(&tuple->to);

  if (fd < 0)
    return;
  header.check = checksum(tuple, &header);
  sendto(fd, &header, sizeof header, MSG_DONTWAIT, (struct sockaddr *)&to, size);
  close(fd);
}
