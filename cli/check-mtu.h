/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "common/address.h"

/**
 * Finds the greatest IP packet, up to the MTU of @interface, that reaches @to from @from unfragmented and is answered (ICMP echo with the
 * "don't fragment" bit, RFC 792, RFC 4443). *@ret_mtu is 0 where it cannot ask (no privilege, no such interface), *@ret_passes is 0 if
 * even a small packet has no answer.
 */
void neo_check_mtu(const NeoAddress *from, const NeoAddress *to, const char *interface, guint *ret_mtu, guint *ret_passes);
