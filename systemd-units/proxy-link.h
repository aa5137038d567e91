/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

#include "common/netlink.h"
#include "systemd-units/proxy-plan.h"

/**
 * Makes the pair of links, one end in the namespace of @plan, with addresses, routes and neighbours on both; and such a pair
 * for its probe. What is there already stays. NEO_ERROR_SYSTEM if a link of that name is somebody else's.
 */
gboolean neo_proxy_link_add(const NeoProxyPlan *plan, GError **error);

/** Removes the links of the proxy @name, and with them the other ends, addresses and routes. No error if there is none. */
gboolean neo_proxy_link_remove(const char *name, GError **error);

/** Gives the namespace of @route the announced addresses of @plan, on lo, with the marks of paths/pm-announced.h. */
gboolean neo_proxy_link_announced(const NeoProxyPlan *plan, NeoNetlink *route, GError **error);

/** Inside the namespace: takes away the announced addresses of @before that @plan has not. */
gboolean neo_proxy_link_prune(const NeoProxyPlan *plan, const NeoProxyPlan *before, GError **error);
