/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

#include "xtables-ext/relay-config.h"
#include "xtables-ext/relay-rules.h"

/**
 * Finds out what the file @path of @config leaves open: the proxy's addresses (names are looked up), the route to each, the
 * addresses to listen on, the interfaces. Returns one NeoRelaySide for each family that is relayed, at least one; the caller owns them.
 * A proxy that is this host is a NEO_ERROR_CONFIG.
 */
GPtrArray *neo_relay_host_sides(const NeoRelayConfig *config, const char *path, GError **error);
