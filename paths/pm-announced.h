/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "common/netlink.h"
#include "paths/pm-model.h"

/*
 * Addresses that are announced without an MPTCP endpoint, of which the kernel holds only so many: those whose protocol (IFA_PROTO of
 * rtnetlink(7), shown by ip-address(8) as "proto") says so. An address of another protocol is not Neo's, and its MPTCP endpoint counts.
 */
enum {
  NEO_IFAPROT_WITHHELD = 77, /**< not announced, whatever the kernel holds */
  NEO_IFAPROT_ANNOUNCED = 78,
  NEO_IFAPROT_BACKUP = 79, /**< announced as a backup */
};

/** An address with one of the protocols above. */
typedef struct {
  NeoAddress address;
  guint8 protocol;
} NeoPmMarked;

/** The marked addresses of the namespace of @route: NeoPmMarked, owned by the caller. NULL on error. */
GArray *neo_pm_read_marked(NeoNetlink *route, GError **error);

/**
 * Brings @signals (NeoPmRemote, from the MPTCP endpoints) to what @marked says. An address keeps the id that it has in @before (may be
 * NULL); new ones get ids from 255 down, where the kernel's do not get. Pure.
 */
void neo_pm_apply_marked(GArray *signals, const GArray *marked, const GArray *before);
