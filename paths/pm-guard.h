/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "common/netlink.h"

/**
 * Watches the connections of a network namespace that send, and closes subflows that fell silent (paths/pm-silence.h), whoever the path
 * manager of the connection is. Runs in the default main context of GLib.
 *
 * It looks every 50 ms while something is to be acknowledged, every second while nothing is, and not at all while no connection has two
 * subflows. Its looks take a twentieth of the time at most: where there are many connections they come less often.
 */
typedef struct NeoPmGuard NeoPmGuard;

/** Is told, in one line for people, of each subflow that is closed. */
typedef void (*NeoPmGuardReport)(const char *line);

/** @diag is a NETLINK_SOCK_DIAG socket and must outlive it; @report may be NULL. */
NeoPmGuard *neo_pm_guard_new(NeoNetlink *diag, NeoPmGuardReport report);

/** To be called when a connection got a subflow. */
void neo_pm_guard_wake(NeoPmGuard *guard);

void neo_pm_guard_free(NeoPmGuard *guard);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NeoPmGuard, neo_pm_guard_free)
