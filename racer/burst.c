/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "racer/burst.h"

#include <linux/mptcp.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#ifndef SOL_MPTCP
#define SOL_MPTCP 284 /* linux/socket.h; not in glibc 2.36 */
#endif

#define BURST (64 * 1024)
/* With fewer subflows the window is large enough before anybody sees a difference. */
#define FEW 4
/* 8 KiB and 32 KiB were slower (64 paths of 5 Mbit/s). */
#define SMALL_PIECE (16 * 1024)
/* Short connections are not looked at. While pieces are small the window grows; joins come early, so later it is looked at less and less often. */
#define LOOK_FIRST (64 * 1024)
#define LOOK_SMALL (512 * 1024)
#define LOOK_SELDOM (64 * 1024 * 1024)
/* More than the kernel takes with its own path manager; the windows of others are no different. */
#define MAX_INFOS 64

gboolean racer_burst_is_small(guint subflows, guint32 window)
{
  return subflows >= FEW && window / BURST < subflows;
}

/* 0: it is not MPTCP. */
static guint count_subflows(int fd)
{
  struct mptcp_info info = { 0 };
  socklen_t size = sizeof info;

  return getsockopt(fd, SOL_MPTCP, MPTCP_INFO, &info, &size) == 0 ? info.mptcpi_subflows + 1u : 0;
}

/* What the peer's last word on any subflow left room for. */
static guint32 get_window(int fd)
{
  struct {
    struct mptcp_subflow_data head;
    struct tcp_info infos[MAX_INFOS];
  } data = { .head = { .size_subflow_data = sizeof data.head, .size_user = sizeof data.infos[0] } };
  socklen_t size = sizeof data;
  guint32 window = 0;

  if (getsockopt(fd, SOL_MPTCP, MPTCP_TCPINFO, &data, &size) < 0)
    return G_MAXUINT32;
  for (guint i = 0; i < MIN(data.head.num_subflows, MAX_INFOS); i++)
    window = MAX(window, data.infos[i].tcpi_snd_wnd);
  return window;
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
  guint subflows = count_subflows(fd);
  gboolean small = subflows >= FEW && racer_burst_is_small(subflows, get_window(fd));

  burst->look_at = burst->sent + (small ? LOOK_SMALL : MIN(burst->sent, LOOK_SELDOM));
  if (!subflows || (small != burst->small && !set_small(burst, fd, small)))
    burst->look_at = G_MAXUINT64;
}
