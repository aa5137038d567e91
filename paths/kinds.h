/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "common/address.h"

/**
 * What @address is ("loopback", "multicast" ...) if no packet can go to it and come from it over a network: of this network (RFC 1122),
 * loopback, link-local, multicast, reserved and broadcast; NULL if it is none of these. A static text. Pure.
 */
const char *neo_address_nowhere(const NeoAddress *address);

/** What @address is if it is a private one (RFC 1918, 4193, 6598), or NULL. A static text. Pure. */
const char *neo_address_private(const NeoAddress *address);
