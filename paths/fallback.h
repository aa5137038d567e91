/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "common/netlink.h"
#include "paths/model.h"

/** What the kernel counts of connections that were opened here and go on as plain TCP (MPTcpExt in /proc/net/netstat, net/mptcp/mib.c). */
typedef struct {
  guint64 blackhole; /**< MPTCP was switched off: SYNs with it were dropped, one without was answered (net/mptcp/ctrl.c) */
  guint64 fallback;  /**< connections that fell back, for whatever reason */
} NeoFallbackCounters;

/** Reads the text of /proc/net/netstat. FALSE, with nothing written, if it has no counters of MPTCP. Pure. */
gboolean neo_fallback_parse_counters(const char *text, NeoFallbackCounters *ret_counters);

/** An MPTCP connection, as sock_diag(7) shows it. */
typedef struct {
  NeoAddress local, remote;
  guint16 remote_port;
  gboolean fallback; /**< it goes on as plain TCP */
} NeoFallbackSocket;

/** One answer of the dump of MPTCP sockets (linux/inet_diag.h, linux/mptcp.h). FALSE if it is no established connection. Pure. */
gboolean neo_fallback_parse_socket(const struct nlmsghdr *message, NeoFallbackSocket *ret_socket);

/** What is to be told: @path is an interface, or NULL if it is not known any more; @line is for people. */
typedef void (*NeoFallbackReport)(const char *path, const char *message_id, const char *line);

/** The message ids of the journal (sd_journal_send(3)): MPTCP was switched off, connections of a path fell back, they do not any more. */
#define NEO_MESSAGE_BLACKHOLE "2a77b5f38fb4484ea4425c4d0a8a06fa"
#define NEO_MESSAGE_FALLBACK "5c72d77089c8444e92cdaa11ad47c113"
#define NEO_MESSAGE_MPTCP_AGAIN "b642f3780c4d4292a48f42372d870366"

/**
 * Watches connections that were opened here for a fallback to TCP, in the default main context of GLib: looks at the kernel's counters
 * every few seconds, and at the sockets when a counter has changed. One report for each path and change.
 */
typedef struct NeoFallback NeoFallback;

NeoFallback *neo_fallback_start(NeoFallbackReport report, GError **error);

/** Says which address is on which interface. */
void neo_fallback_set_addresses(NeoFallback *fallback, const NeoObserved *seen);

void neo_fallback_free(NeoFallback *fallback);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NeoFallback, neo_fallback_free)
