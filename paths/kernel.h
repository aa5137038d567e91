/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "common/netlink.h"

/** The sockets through which the engine talks to the kernel of one network namespace. */
typedef struct {
  NeoNetlink *route, *generic;
  guint16 mptcp_family; /**< generic netlink family mptcp_pm, 0 if the kernel has no MPTCP */
  guint32 limit_max;    /**< the greatest MPTCP limit of this kernel */
} NeoKernel;

/** Opens both sockets in the current network namespace. */
NeoKernel *neo_kernel_open(GError **error);
void neo_kernel_free(NeoKernel *kernel);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NeoKernel, neo_kernel_free)
