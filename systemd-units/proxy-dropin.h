/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/**
 * Writes below @out (a directory for units, systemd.generator(7)) the drop-ins for each file NAME.conf in @conf_dir
 * whose neo-netns@NAME.service is enabled by a symlink in one of @unit_dirs (ended by NULL). A file that is wrong is
 * passed over but for one thing: where its Service= is right, that service is tied to the namespace all the same, so
 * that it never runs outside by mistake. @announced_max is how many addresses the kernel announces by itself. Returns the
 * complaints, GError each, also about settings of a service that keep it from working there; the caller owns them.
 */
GPtrArray *neo_proxy_dropins(const char *conf_dir, const char *const *unit_dirs, const char *run_dir, guint announced_max,
                             const char *out);
