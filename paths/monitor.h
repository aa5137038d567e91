/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "common/netlink.h"

/** A socket that becomes readable when links, addresses, routes or rules change. */
NeoNetlink *neo_monitor_open(GError **error);

/** Takes all notifications from the socket without waiting. An overrun, in which some were lost, counts as one. */
void neo_monitor_drain(NeoNetlink *monitor);
