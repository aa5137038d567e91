/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "common/address.h"
#include "common/netlink.h"

/*
 * MPTCP endpoints and limits of the kernel's path manager, by generic netlink family mptcp_pm (linux/mptcp_pm.h, ip-mptcp(8)). Each
 * function takes a socket of NETLINK_GENERIC and the family's id, see neo_netlink_family().
 */

/** An MPTCP endpoint. What is 0 is left out when it is sent. */
typedef struct {
  NeoAddress address;
  guint16 port;  /**< host byte order, 0: the connection's own */
  guint8 id;     /**< 0: the kernel chooses one */
  guint32 flags; /**< MPTCP_PM_ADDR_FLAG_* */
  int link;      /**< the interface that its subflows are bound to */
} NeoMptcpEndpoint;

/** What the kernel's path manager accepts for one connection. */
typedef struct {
  guint32 subflows, add_addr_accepted;
} NeoMptcpLimits;

/** Puts @endpoint into @message as a nest of @type (MPTCP_PM_ATTR_ADDR, MPTCP_PM_ATTR_ADDR_REMOTE). */
void neo_mptcp_put_endpoint(struct nlmsghdr *message, guint16 type, const NeoMptcpEndpoint *endpoint);

/** Reads one answer of the dump of MPTCP endpoints. FALSE, with nothing written, if it has no address or is cut short. Pure. */
gboolean neo_mptcp_parse_endpoint(const struct nlmsghdr *message, NeoMptcpEndpoint *ret_endpoint);

/** Reads the limits; FALSE, with nothing written, if @message is cut short. Pure. */
gboolean neo_mptcp_parse_limits(const struct nlmsghdr *message, NeoMptcpLimits *ret_limits);

/** Appends all MPTCP endpoints to @endpoints (NeoMptcpEndpoint). *@ret_interrupted is as in neo_netlink_dump(). */
gboolean neo_mptcp_list(NeoNetlink *generic, guint16 family, GArray *endpoints, gboolean *ret_interrupted, GError **error);

/** Adds @endpoint. *@ret_errno (may be NULL) is ERANGE if the kernel holds no more, EEXIST if it has this address. */
gboolean neo_mptcp_add(NeoNetlink *generic, guint16 family, const NeoMptcpEndpoint *endpoint, int *ret_errno, GError **error);

/** Removes the MPTCP endpoint with @endpoint's address and id. */
gboolean neo_mptcp_remove(NeoNetlink *generic, guint16 family, const NeoMptcpEndpoint *endpoint, int *ret_errno, GError **error);

gboolean neo_mptcp_get_limits(NeoNetlink *generic, guint16 family, NeoMptcpLimits *ret_limits, GError **error);
gboolean neo_mptcp_set_limits(NeoNetlink *generic, guint16 family, const NeoMptcpLimits *limits, int *ret_errno, GError **error);
