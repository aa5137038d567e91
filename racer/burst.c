/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "racer/burst.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "racer/mptcp-state.h"

/* With fewer subflows the window is large enough before anybody sees a difference. */
#define FEW 4
/* 8 KiB and 32 KiB were slower (64 paths of 5 Mbit/s). */
#define SMALL_PIECE (16 * 1024)
/* Short connections are not looked at. While pieces are small the window grows; joins come early, so later it is looked at less and less often. */
#define LOOK_FIRST (64 * 1024)
#define LOOK_SMALL (512 * 1024)
#define LOOK_SELDOM (64 * 1024 * 1024)

gboolean racer_burst_is_small(guint subflows, guint32 window)
{
  return subflows >= FEW && window / RACER_MPTCP_BURST < subflows;
}

/* FALSE: the kernel has no such option for MPTCP (before Linux 6.9). */
static gboolean set_small(RacerBurst *burst, int fd, gboolean small)
{
  int value = small ? SMALL_PIECE : 0;

  burst->small = small;
  return setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &value, sizeof value) == 0;
}

void racer_burst_sent(RacerBurst *burst, int fd, gsize size)
{
  burst->sent += size;
  if (burst->sent < MAX(burst->look_at, LOOK_FIRST))
    return;
  RacerSubflows subflows;
  guint n = racer_mptcp_of(fd).subflows;
  gboolean small = n >= FEW && racer_mptcp_read(fd, &subflows) && racer_burst_is_small(n, subflows.window);

  burst->look_at = burst->sent + (small ? LOOK_SMALL : MIN(burst->sent, LOOK_SELDOM));
  if (!n || (small != burst->small && !set_small(burst, fd, small)))
    burst->look_at = G_MAXUINT64;
}
