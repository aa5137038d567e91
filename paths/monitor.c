/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "paths/monitor.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

NeoNetlink *neo_monitor_open(GError **error)
{
  static const guint groups[] = {
    RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_RULE,
  };
  g_autoptr(NeoNetlink) monitor = neo_netlink_open(NETLINK_ROUTE, 0, error);

  for (guint i = 0; monitor && i < G_N_ELEMENTS(groups); i++)
    if (!neo_netlink_join(monitor, groups[i], error))
      return NULL;
  return g_steal_pointer(&monitor);
}

void neo_monitor_drain(NeoNetlink *monitor)
{
  char buffer[4096];
  gssize length;

  do
    length = recv(neo_netlink_fd(monitor), buffer, sizeof buffer, MSG_DONTWAIT | MSG_TRUNC);
  while (length > 0 || (length < 0 && (errno == ENOBUFS || errno == EINTR)));
}
