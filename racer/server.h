/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/**
 * Runs the racer with the configuration file @path until it is told to stop (SIGTERM, SIGINT) and its connections
 * have ended, or until it has been idle for ExitIdleTime=. FALSE with @error if it could not start.
 */
gboolean racer_server_run(const char *path, GError **error);
