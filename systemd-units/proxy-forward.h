/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

#include "systemd-units/proxy-plan.h"

/*
 * Forwarding between the link and the outside. IPv4 has it for each interface, IPv6 only since Linux 6.17
 * (force_forwarding); before that it is for all interfaces or none, and an interface that forwards takes router
 * advertisements only with accept_ra=2 (ip-sysctl.rst).
 */

typedef struct {
  char *key;
  const char *value;
} NeoProxySysctl;

/** The sysctls that @plan needs on a host whose sysctls are below @root ("/proc/sys"): NeoProxySysctl, owned by the
 * caller. */
GArray *neo_proxy_sysctls(const NeoProxyPlan *plan, const char *root);

/** Marks in @plan where the host does not forward of its own accord, so that only DNATed packets may pass there. */
void neo_proxy_guard(NeoProxyPlan *plan);

/** Holds the sysctls of @plan. */
gboolean neo_proxy_forward_hold(const NeoProxyPlan *plan, GError **error);

/** Lets go of all that the proxy @name holds. */
gboolean neo_proxy_forward_release(const char *name, GError **error);
