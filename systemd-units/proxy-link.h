/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

#include "systemd-units/proxy-plan.h"

/**
 * Makes the pair of links, one end in the namespace of @plan, with addresses, routes and neighbours on both; and such a pair
 * for its probe. What is there already stays. NEO_ERROR_SYSTEM if a link of that name is somebody else's.
 */
gboolean neo_proxy_link_add(const NeoProxyPlan *plan, GError **error);

/** Removes the links of the proxy @name, and with them the other ends, addresses and routes. No error if there is none. */
gboolean neo_proxy_link_remove(const char *name, GError **error);

/** Inside the namespace: gives it the announced addresses of @plan, on lo. */
gboolean neo_proxy_link_announced(const NeoProxyPlan *plan, GError **error);

/** Inside the namespace: takes away the announced addresses of @before that @plan has not. */
gboolean neo_proxy_link_prune(const NeoProxyPlan *plan, const NeoProxyPlan *before, GError **error);
