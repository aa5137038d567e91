/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/check-mtu.h"

#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/check-segment.h"

enum { ANSWER_MS = 700, TRIES = 2, SMALLEST = 576, LARGEST = 9216, IP4_HEADER = 20, IP6_HEADER = 40, ECHO_HEADER = 8 };

static guint read_mtu(const char *interface)
{
  g_autofree char *path = g_strdup_printf("/sys/class/net/%s/mtu", interface), *text = NULL;

  return g_file_get_contents(path, &text, NULL, NULL) ? g_ascii_strtoull(text, NULL, 10) : 0;
}

typedef struct {
  int fd;
  sa_family_t family;
  guint16 id, sequence;
} Echo;

static gboolean is_answer(const Echo *echo, const guint8 *packet, gssize size)
{
  gssize header = echo->family == AF_INET ? IP4_HEADER : 0;
  guint8 type = echo->family == AF_INET ? ICMP_ECHOREPLY : ICMP6_ECHO_REPLY;
  const guint8 *message = packet + header;

  return size >= header + ECHO_HEADER && message[0] == type && (message[4] << 8 | message[5]) == echo->id && (message[6] << 8 | message[7]) == echo->sequence;
}

static gboolean wait_answer(const Echo *echo)
{
  gint64 end = g_get_monotonic_time() + ANSWER_MS * 1000;
  struct pollfd watch = { .fd = echo->fd, .events = POLLIN };
  guint8 packet[LARGEST];

  for (gint64 left = ANSWER_MS; left > 0; left = (end - g_get_monotonic_time()) / 1000)
    if (poll(&watch, 1, left) == 1 && is_answer(echo, packet, recv(echo->fd, packet, sizeof packet, MSG_DONTWAIT)))
      return TRUE;
  return FALSE;
}

static gboolean passes(Echo *echo, guint size)
{
  gsize length = size - (echo->family == AF_INET ? IP4_HEADER : IP6_HEADER);
  guint8 message[LARGEST] = { echo->family == AF_INET ? ICMP_ECHO : ICMP6_ECHO_REQUEST };

  for (guint i = 0; i < TRIES; i++) {
    echo->sequence++;
    message[2] = message[3] = 0;
    message[4] = echo->id >> 8, message[5] = echo->id;
    message[6] = echo->sequence >> 8, message[7] = echo->sequence;
    /* ICMPv6 is summed by the kernel. */
    guint16 sum = neo_check_sum(message, length, 0);
    message[2] = sum >> 8, message[3] = sum;
    if (send(echo->fd, message, length, 0) == (gssize)length && wait_answer(echo))
      return TRUE;
  }
  return FALSE;
}

/* IP_PMTUDISC_PROBE: never fragment, and send also what is larger than the path's MTU as known. */
static gboolean open_echo(Echo *echo, const NeoAddress *from, const NeoAddress *to)
{
  gboolean four = to->family == AF_INET;
  int probe = four ? IP_PMTUDISC_PROBE : IPV6_PMTUDISC_PROBE;
  struct sockaddr_storage sa;
  socklen_t size;

  echo->fd = socket(to->family, SOCK_RAW | SOCK_CLOEXEC, four ? IPPROTO_ICMP : IPPROTO_ICMPV6);
  if (echo->fd < 0 || setsockopt(echo->fd, four ? IPPROTO_IP : IPPROTO_IPV6, four ? IP_MTU_DISCOVER : IPV6_MTU_DISCOVER, &probe, sizeof probe) < 0)
    return FALSE;
  size = neo_address_to_sockaddr(from, 0, &sa);
  if (bind(echo->fd, (struct sockaddr *)&sa, size) < 0)
    return FALSE;
  size = neo_address_to_sockaddr(to, 0, &sa);
  return connect(echo->fd, (struct sockaddr *)&sa, size) == 0;
}

static guint largest(Echo *echo, guint mtu)
{
  guint good = SMALLEST, bad = mtu;

  if (passes(echo, mtu))
    return mtu;
  if (!passes(echo, SMALLEST))
    return 0;
  /* At most log2 of LARGEST turns. */
  while (bad - good > 1) {
    guint middle = good + (bad - good) / 2;
    if (passes(echo, middle))
      good = middle;
    else
      bad = middle;
  }
  return good;
}

void neo_check_mtu(const NeoAddress *from, const NeoAddress *to, const char *interface, guint *ret_mtu, guint *ret_passes)
{
  Echo echo = { .fd = -1, .family = to->family, .id = g_random_int() };
  guint mtu = from->family ? read_mtu(interface) : 0;

  *ret_mtu = *ret_passes = 0;
  if (mtu > SMALLEST && mtu <= LARGEST && open_echo(&echo, from, to)) {
    *ret_mtu = mtu;
    *ret_passes = largest(&echo, mtu);
  }
  if (echo.fd >= 0)
    close(echo.fd);
}
