/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

#include "systemd-units/proxy-plan.h"

/* Forwarding between the link and the outside (common/forwarding.h). */

/** The sysctls that @plan needs on a host whose sysctls are below @root: NeoForwardingSysctl, owned by the caller. */
GArray *neo_proxy_sysctls(const NeoProxyPlan *plan, const char *root);

/** Marks in @plan where the host does not forward of its own accord, so that only DNATed packets may pass there. */
void neo_proxy_guard(NeoProxyPlan *plan, const char *root, const char *state_dir);

/** Holds the sysctls of @plan. */
gboolean neo_proxy_forward_hold(const NeoProxyPlan *plan, GError **error);

/** Lets go of all that the proxy @name holds. */
gboolean neo_proxy_forward_release(const char *name, GError **error);
