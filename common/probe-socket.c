/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/probe-socket.h"

#include <errno.h>
#include <linux/mptcp.h>
#include <linux/tcp.h>
#include <poll.h>
#include <unistd.h>

#ifndef SOL_MPTCP
#define SOL_MPTCP 284 /* linux/socket.h; not in glibc 2.36 */
#endif

/* The state of an established connection (net/tcp_states.h). */
enum { STATE_ESTABLISHED = 1, MAX_SUBFLOWS = 256 };

static NeoProbeAnswer answer_of(int errnum)
{
  switch (errnum) {
    case 0: return NEO_PROBE_OPEN;
    case ECONNREFUSED:
    case ECONNRESET: return NEO_PROBE_REFUSED;
    case ETIMEDOUT: return NEO_PROBE_SILENT;
  }
  errno = errnum;
  return NEO_PROBE_ERROR;
}

static NeoProbeAnswer wait_connected(int fd, guint timeout)
{
  struct pollfd watch = { .fd = fd, .events = POLLOUT };
  int n = poll(&watch, 1, timeout), errnum = 0;
  socklen_t size = sizeof errnum;

  if (n == 0)
    return NEO_PROBE_SILENT;
  if (n < 0 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &errnum, &size) < 0)
    return NEO_PROBE_ERROR;
  return answer_of(errnum);
}

static NeoProbeAnswer try_connect(int fd, const NeoAddress *to, guint16 port, const NeoAddress *from, guint timeout)
{
  struct sockaddr_storage sa;
  socklen_t size;

  if (from->family) {
    size = neo_address_to_sockaddr(from, 0, &sa);
    if (bind(fd, (struct sockaddr *)&sa, size) < 0)
      return NEO_PROBE_ERROR;
  }
  size = neo_address_to_sockaddr(to, port, &sa);
  if (connect(fd, (struct sockaddr *)&sa, size) == 0)
    return NEO_PROBE_OPEN;
  return errno == EINPROGRESS ? wait_connected(fd, timeout) : answer_of(errno);
}

NeoProbeAnswer neo_probe_connect(const NeoAddress *to, guint16 port, const NeoAddress *from, int protocol, guint timeout, int *ret_fd)
{
  int fd = socket(to->family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);

  if (fd < 0)
    return NEO_PROBE_ERROR;
  NeoProbeAnswer answer = try_connect(fd, to, port, from, timeout);
  if (answer == NEO_PROBE_OPEN) {
    *ret_fd = fd;
    return answer;
  }
  int errnum = errno;
  close(fd);
  errno = errnum;
  return answer;
}

gboolean neo_probe_is_mptcp(int fd)
{
  struct mptcp_info info = { 0 };
  socklen_t size = sizeof info;

  return getsockopt(fd, SOL_MPTCP, MPTCP_INFO, &info, &size) == 0 && !(info.mptcpi_flags & MPTCP_INFO_FLAG_FALLBACK);
}

typedef struct {
  struct mptcp_subflow_data head;
  struct mptcp_subflow_addrs subflows[MAX_SUBFLOWS];
} Addresses;

typedef struct {
  struct mptcp_subflow_data head;
  struct tcp_info subflows[MAX_SUBFLOWS];
} Infos;

/* Which of the subflows goes to @to, or -1. */
static int find(const Addresses *addresses, const NeoAddress *to, guint16 port)
{
  for (guint i = 0; i < MIN(addresses->head.num_subflows, MAX_SUBFLOWS); i++) {
    NeoAddress remote;
    guint16 remote_port;
    if (neo_address_from_sockaddr((const struct sockaddr *)&addresses->subflows[i].ss_remote, &remote, &remote_port) &&
        remote_port == port && neo_address_equal(&remote, to))
      return i;
  }
  return -1;
}

/* A join is complete when the other end acknowledges the third packet (RFC 8684, section 3.2): behind its SYN, a second segment. */
static void take_info(const struct tcp_info *info, NeoProbeJoin *join)
{
  join->segments_in = info->tcpi_segs_in;
  join->segments_out = info->tcpi_segs_out;
  join->accepted = info->tcpi_state == STATE_ESTABLISHED && info->tcpi_segs_in >= 2;
}

gboolean neo_probe_join(int fd, const NeoAddress *to, guint16 port, NeoProbeJoin *ret_join)
{
  Addresses addresses = { .head = { .size_subflow_data = sizeof addresses.head, .size_user = sizeof addresses.subflows[0] } };
  Infos infos = { .head = { .size_subflow_data = sizeof infos.head, .size_user = sizeof infos.subflows[0] } };
  struct mptcp_info info = { 0 };
  socklen_t addresses_size = sizeof addresses, infos_size = sizeof infos, size = sizeof info;

  if (getsockopt(fd, SOL_MPTCP, MPTCP_INFO, &info, &size) < 0 ||
      getsockopt(fd, SOL_MPTCP, MPTCP_SUBFLOW_ADDRS, &addresses, &addresses_size) < 0 ||
      getsockopt(fd, SOL_MPTCP, MPTCP_TCPINFO, &infos, &infos_size) < 0)
    return FALSE;
  NeoProbeJoin join = { .announced = info.mptcpi_add_addr_accepted > 0, .may_accept = info.mptcpi_add_addr_accepted_max > 0 };
  NeoAddress local;
  int at = find(&addresses, to, port);
  join.known = at >= 0;
  if (join.known)
    neo_address_from_sockaddr((const struct sockaddr *)&addresses.subflows[at].ss_local, &local, &join.local_port);
  /* Both lists are in one order; a subflow that came or went between the two is looked at again next time. */
  if (join.known && infos.head.num_subflows == addresses.head.num_subflows)
    take_info(&infos.subflows[at], &join);
  *ret_join = join;
  return TRUE;
}
