/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "paths/pm-pairing.h"

/*
 * What a peer may announce. A peer is a stranger that the user chose to talk to: it can name any address, and each that is taken in gets
 * SYNs from every path.
 */

/**
 * Announced addresses that are kept for a connection, beside the initial one: as many as the newest kernel's path manager (Linux 7.2)
 * announces. Each costs a backup subflow.
 */
#define NEO_PM_MAX_ANNOUNCED 64

/**
 * Why @announced is no address to join to, in words that go on after "which is", or NULL if it may be one; @initial is the address to which
 * the connection was opened. Nowhere: of this network (RFC 1122), loopback, link-local, multicast, reserved and broadcast; an address of
 * this host, in @locals (NeoPmPath); and private ones (RFC 1918, 4193, 6598) unless @initial is not a public one either, as a public proxy
 * has nothing to say about the networks behind this host. IPv4-mapped addresses count as what they stand for. Pure.
 */
const char *neo_pm_refuse_address(const NeoAddress *announced, const NeoAddress *initial, const GArray *locals);

/**
 * Takes in @event as neo_pm_model_apply() does, except an announcement that is refused: for its address, or because
 * NEO_PM_MAX_ANNOUNCED others are there. It changes nothing, and *@ret_refused says why.
 */
NeoPmConnection *neo_pm_filter_apply(NeoPmModel *model, const NeoPmHost *host, const NeoPmEvent *event, gint64 now, const char **ret_refused);
