/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>
#include <libmnl/libmnl.h>

/** A netlink socket (netlink(7)) with extended acknowledgements and strict checking of dump requests. */
typedef struct NeoNetlink NeoNetlink;

/** Opens a socket of @bus (NETLINK_ROUTE, NETLINK_GENERIC) in the current network namespace; @groups is a legacy multicast mask or 0. */
NeoNetlink *neo_netlink_open(int bus, guint groups, GError **error);
void neo_netlink_free(NeoNetlink *netlink);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NeoNetlink, neo_netlink_free)

/** The file descriptor, to be polled; it stays the socket's. */
int neo_netlink_fd(const NeoNetlink *netlink);

/** Joins the multicast group @group (a number, not a mask). */
gboolean neo_netlink_join(NeoNetlink *netlink, guint group, GError **error);

/** The request that neo_netlink_request() or neo_netlink_dump() sends: a zeroed message of @type with NLM_F_REQUEST | @flags. */
struct nlmsghdr *neo_netlink_message(char buffer[static 8192], guint16 type, guint16 flags);

/** The same for a generic netlink @command of @family. */
struct nlmsghdr *neo_netlink_genl_message(char buffer[static 8192], guint16 family, guint8 command, guint8 version, guint16 flags);

/**
 * Sends @message and waits for its acknowledgement. On refusal @error holds the kernel's errno text and, if it
 * gave one, its extended message; *@ret_errno (may be NULL) is the number, 0 on success.
 */
gboolean neo_netlink_request(NeoNetlink *netlink, struct nlmsghdr *message, int *ret_errno, GError **error);

/**
 * Sends @message with NLM_F_DUMP and calls @callback (libmnl's convention) for each answer. Sets *@ret_interrupted to
 * TRUE (and else leaves it) when the table changed under the dump (NLM_F_DUMP_INTR): the answers may not fit together.
 */
gboolean neo_netlink_dump(NeoNetlink *netlink, struct nlmsghdr *message, mnl_cb_t callback, gpointer data, gboolean *ret_interrupted, GError **error);

/** Sends @message and calls @callback for the one answer. */
gboolean neo_netlink_get(NeoNetlink *netlink, struct nlmsghdr *message, mnl_cb_t callback, gpointer data, GError **error);

/** The id of generic netlink family @name; NEO_ERROR_UNSUPPORTED if the kernel has none. *@ret_group (may be NULL): its group @group_name, or 0. */
gboolean neo_netlink_family(NeoNetlink *netlink, const char *name, guint16 *ret_family, const char *group_name, guint32 *ret_group, GError **error);
