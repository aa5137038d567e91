/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "paths/kernel.h"

#include <linux/mptcp.h>

#include "paths/probe.h"

NeoKernel *neo_kernel_open(GError **error)
{
  g_autoptr(NeoKernel) kernel = g_new0(NeoKernel, 1);

  kernel->route = neo_netlink_open(NETLINK_ROUTE, 0, error);
  if (!kernel->route)
    return NULL;
  kernel->generic = neo_netlink_open(NETLINK_GENERIC, 0, error);
  if (!kernel->generic)
    return NULL;
  /* A kernel without MPTCP still gets its rules. */
  if (!neo_netlink_family(kernel->generic, MPTCP_PM_NAME, &kernel->mptcp_family, NULL, NULL, NULL))
    kernel->mptcp_family = 0;
  else
    kernel->limit_max = neo_probe_limit_max(kernel->generic, kernel->mptcp_family);
  return g_steal_pointer(&kernel);
}

void neo_kernel_free(NeoKernel *kernel)
{
  if (!kernel)
    return;
  neo_netlink_free(kernel->route);
  neo_netlink_free(kernel->generic);
  g_free(kernel);
}
