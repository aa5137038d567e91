/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/**
 * Runs until SIGTERM or SIGINT, and calls @repair each time when firewalld has started, has loaded its rules again, or has ended: each time it flushes all
 * that iptables holds (Firewall.flush() of firewalld 1.3), others' rules too, and says so on the system bus (firewalld.dbus(5), Reloaded). A
 * failure of @repair is logged. FALSE and an error when there is no system bus.
 */
gboolean neo_relay_firewalld_watch(gboolean (*repair)(GError **error), GError **error);
