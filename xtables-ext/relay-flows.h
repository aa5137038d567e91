/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "common/address.h"
#include "common/netlink.h"

/** One direction of a connection, as the host's connection tracking sees it. Ports are in host byte order. */
typedef struct {
  NeoAddress from, to;
  guint16 from_port, to_port;
} NeoRelayTuple;

/** For a GHashTable of NeoRelayTuple. */
guint neo_relay_tuple_hash(gconstpointer tuple);
gboolean neo_relay_tuple_equal(gconstpointer a, gconstpointer b);

/** A TCP connection whose destination was mapped, as connection tracking holds it (linux/netfilter/nfnetlink_conntrack.h). */
typedef struct {
  NeoRelayTuple original; /**< client to relay */
  NeoRelayTuple reply;    /**< proxy to relay */
  guint32 id;             /**< as the kernel wrote it */
  guint16 zone;           /**< as the kernel wrote it; 0: none */
  gboolean open;          /**< data may still come: neither reset nor ended by both sides */
} NeoRelayFlow;

/** Reads one message of a dump. Pure. FALSE if it is no such connection, or broken. */
gboolean neo_relay_flow_parse(const struct nlmsghdr *message, NeoRelayFlow *ret_flow);

/** The flows that came in at one of @doors (NeoRelayDoor). An array of NeoRelayFlow that the caller owns. */
GArray *neo_relay_flows(NeoNetlink *netlink, const GArray *doors, GError **error);

/** Makes the kernel forget @flow. One that is gone already is no error. */
gboolean neo_relay_flow_delete(NeoNetlink *netlink, const NeoRelayFlow *flow, GError **error);
