/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/**
 * The .network files that networkd would use below @root (systemd.network(5)): of each name the one in /etc, else /run, /usr/local/lib,
 * /usr/lib; but not Neo's own. Full paths, sorted by name. The caller owns them.
 */
GPtrArray *neo_files_find(const char *root);

/** Where networkd's runtime files are below @root. The caller owns it. */
char *neo_files_output_dir(const char *root);

/**
 * Makes @files (NeoGenerated) all that stands of Neo's in @dir: writes those that are new or different, all of them to
 * temporary files before the first is renamed, and removes what an earlier run left. @ret_removed (char *): names of removed
 * interfaces. On failure nothing has been renamed.
 */
gboolean neo_files_update(const char *dir, const GPtrArray *files, GPtrArray **ret_removed, GError **error);
