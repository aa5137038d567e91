/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/**
 * Whether systemd is stopping this process's unit to start it again at once (systemctl restart, package upgrade), as its D-Bus
 * interface says (org.freedesktop.systemd1(5)). FALSE also if it cannot be asked within two seconds.
 */
gboolean neo_is_restarting(void);
