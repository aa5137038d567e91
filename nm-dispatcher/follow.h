/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "common/netlink.h"

/**
 * Calls @run after each burst of changes that @monitor reports, until nothing has changed for 15 s.
 * NetworkManager has no event for an address from router advertisements, which is ready seconds after "up". Of
 * several processes one follows for all, so this returns at once where another one (or neo-pathd) does it.
 * Stops at the first failure of @run.
 */
gboolean neo_follow(NeoNetlink *monitor, gboolean (*run)(gpointer data, GError **error), gpointer data, GError **error);
