/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>
#include <linux/netlink.h>

#include "common/address.h"

/** What the kernel tells the group mptcp_pm_events; the numbers are its own (enum mptcp_event_type). */
typedef enum {
  NEO_PM_CREATED = 1,
  NEO_PM_ESTABLISHED = 2,
  NEO_PM_CLOSED = 3,
  NEO_PM_ANNOUNCED = 6,
  NEO_PM_REMOVED = 7,
  NEO_PM_SUB_ESTABLISHED = 10,
  NEO_PM_SUB_CLOSED = 11,
  NEO_PM_SUB_PRIORITY = 13,
  NEO_PM_LISTENER_CREATED = 15,
  NEO_PM_LISTENER_CLOSED = 16,
} NeoPmEventKind;

/** One event. Fields that its kind does not have are zero. */
typedef struct {
  NeoPmEventKind kind;
  guint32 token;                   /**< the connection; 0 for LISTENER_* */
  NeoAddress local, remote;        /**< IPv4-mapped IPv6 addresses are given as IPv4 */
  guint16 local_port, remote_port; /**< host byte order */
  guint8 local_id, remote_id;
  int link;                        /**< the interface that the subflow is bound to, 0 for none */
  guint8 error;                    /**< errno that ended the subflow */
  gboolean backup;
  gboolean server_side;            /**< the connection was accepted here */
  gboolean deny_initial;           /**< the peer wants no joins to the address that was connected to (RFC 8684, 3.1, flag C) */
} NeoPmEvent;

/**
 * Reads one message of the group (linux/mptcp.h). FALSE, with nothing written, if it is cut short, of a kind that is
 * not known, or lacks what its kind needs. Pure.
 */
gboolean neo_pm_parse_event(const struct nlmsghdr *message, NeoPmEvent *ret_event);
