/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "paths/kernel.h"
#include "paths/pm-pairing.h"

/**
 * The path manager of one network namespace (RFC 8684; generic netlink family mptcp_pm): gives each MPTCP connection that
 * is opened here its subflows, and announces the MPTCP endpoints with the flag signal on those that are accepted.
 * Runs in the default main context of GLib.
 */
typedef struct NeoPm NeoPm;

/** Is told, in one line for people, of a join that failed. */
typedef void (*NeoPmReport)(const char *line);

/**
 * Selects the userspace path manager for connections made from now on (net.mptcp.path_manager, before 6.15 pm_type), and
 * takes up those that an earlier process managed. @kernel and @settings must outlive it; @report may be NULL.
 */
NeoPm *neo_pm_start(NeoKernel *kernel, const NeoPmSettings *settings, NeoPmReport report, GError **error);

/** Says which addresses there are: @paths, and @locals with all on links that run (both NeoPmPath; copied). Joins and closes as needed. */
void neo_pm_set_addresses(NeoPm *pm, const GArray *paths, const GArray *locals);

/** Frees it. Connections and their subflows stay, and a process started later takes them up. NULL is allowed. */
void neo_pm_free(NeoPm *pm);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NeoPm, neo_pm_free)
