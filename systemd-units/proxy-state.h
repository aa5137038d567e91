/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

#include "systemd-units/proxy-plan.h"

/*
 * What a proxy that is up has: /run/neo/proxy/NAME/state. A restart keeps the networks and a reload the place of each
 * relay in them, so that the connections through the others are not touched.
 */

#define NEO_PROXY_RUN_DIR "/run/neo/proxy"

/** The directory of the proxy @name. The caller owns the text. */
char *neo_proxy_state_dir(const char *name);

/** The plan that @name was brought up with; NULL if it is not up. */
NeoProxyPlan *neo_proxy_state_load(const char *name);

gboolean neo_proxy_state_save(const NeoProxyPlan *plan, GError **error);

/**
 * Waits until no other process changes a proxy, and keeps others out until the returned file descriptor is closed: what one proxy
 * takes (a network, a port) is checked against the others. -1 on failure.
 */
int neo_proxy_lock(GError **error);

/** Adds the proxies that are up, but for @name, to @host. */
void neo_proxy_state_others(const char *name, NeoProxyHost *host);
