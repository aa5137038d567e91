/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <linux/netlink.h>

#include "paths/model.h"

/*
 * The kernel's messages as the model's structs. Each is a pure function over one message: FALSE, with nothing
 * written, if the message is cut short or about something that the engine does not look at.
 */

gboolean neo_parse_link(const struct nlmsghdr *message, NeoLink *ret_link);

/** Takes addresses of global scope that are ready (not tentative, not a duplicate). */
gboolean neo_parse_local(const struct nlmsghdr *message, NeoLocal *ret_local);

/** Takes unicast routes with an outgoing interface, but not those to link-local addresses. */
gboolean neo_parse_route(const struct nlmsghdr *message, NeoRoute *ret_route);

/** Takes rules of Neo's protocol. */
gboolean neo_parse_rule(const struct nlmsghdr *message, NeoRule *ret_rule);
