/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "racer/mptcp-state.h"

#include <linux/mptcp.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#ifndef SOL_MPTCP
#define SOL_MPTCP 284 /* linux/socket.h; not in glibc 2.36 */
#endif

#define MAX_INFOS 64

/* States of TCP, from the kernel's include/net/tcp_states.h: netinet/tcp.h has them, and cannot be included beside linux/tcp.h. */
enum { STATE_ESTABLISHED = 1, STATE_CLOSE_WAIT = 8 };

RacerMptcpInfo racer_mptcp_of(int fd)
{
  struct mptcp_info info = { 0 };
  socklen_t size = sizeof info;

  /* On a socket that fell back the kernel hands the call to TCP, which does not know the level. */
  if (getsockopt(fd, SOL_MPTCP, MPTCP_INFO, &info, &size) < 0 || info.mptcpi_flags & MPTCP_INFO_FLAG_FALLBACK)
    return (RacerMptcpInfo){ 0 };
  return (RacerMptcpInfo){ .subflows = info.mptcpi_subflows + 1u, .queued = info.mptcpi_write_seq - info.mptcpi_snd_una,
                           .una = info.mptcpi_snd_una };
}

/* As the kernel's scheduler sees it (__mptcp_subflow_active()). One that was closed keeps its numbers, and the first one stays in the list for ever. */
static gboolean can_send(const struct tcp_info *info)
{
  return info->tcpi_state == STATE_ESTABLISHED || info->tcpi_state == STATE_CLOSE_WAIT;
}

static void add_subflow(RacerSubflows *sum, const struct tcp_info *info)
{
  if (!can_send(info))
    return;
  sum->window = MAX(sum->window, info->tcpi_snd_wnd);
  if (info->tcpi_min_rtt && (!sum->min_rtt_us || info->tcpi_min_rtt < sum->min_rtt_us))
    sum->min_rtt_us = info->tcpi_min_rtt;
  sum->flight += (guint64)info->tcpi_snd_cwnd * info->tcpi_snd_mss;
  sum->unsent += info->tcpi_notsent_bytes;
  sum->starved |= info->tcpi_unacked && !info->tcpi_notsent_bytes;
}

gboolean racer_mptcp_read(int fd, RacerSubflows *ret_subflows)
{
  struct {
    struct mptcp_subflow_data head;
    struct tcp_info infos[MAX_INFOS];
  } data = { .head = { .size_subflow_data = sizeof data.head, .size_user = sizeof data.infos[0] } };
  socklen_t size = sizeof data;

  if (getsockopt(fd, SOL_MPTCP, MPTCP_TCPINFO, &data, &size) < 0)
    return FALSE;
  *ret_subflows = (RacerSubflows){ 0 };
  for (guint i = 0; i < MIN(data.head.num_subflows, MAX_INFOS); i++)
    add_subflow(ret_subflows, &data.infos[i]);
  if (data.head.num_subflows > MAX_INFOS) {
    ret_subflows->flight = ret_subflows->flight * data.head.num_subflows / MAX_INFOS;
    ret_subflows->unsent = ret_subflows->unsent * data.head.num_subflows / MAX_INFOS;
  }
  return TRUE;
}
