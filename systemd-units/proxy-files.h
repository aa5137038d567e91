/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

#include "systemd-units/proxy-plan.h"

/** The servers of the first of the host's resolv.conf(5) files that names one which is not loopback: NeoAddress, owned
 * by the caller. */
GArray *neo_proxy_nameservers(void);

/** The same for the text of one file, appended to @servers. */
void neo_proxy_nameservers_parse(const char *text, GArray *servers);

/** Writes the namespace's resolv.conf and, for a front, the racer's file for each port. */
gboolean neo_proxy_files_write(const NeoProxyPlan *plan, GError **error);

/** Removes the directory and the files of the proxy @name. */
gboolean neo_proxy_files_remove(const char *name, GError **error);
