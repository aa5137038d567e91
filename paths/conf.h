/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/** A range of routing tables, both ends included. */
typedef struct {
  guint32 first, last;
} NeoTables;

/** What /etc/neo/paths.conf says (neo-paths.conf(5)). */
typedef struct {
  NeoTables tables;
  guint subflows;          /**< the kernel's limit is raised to this; more than it takes means: as far as it goes */
  guint add_addr_accepted; /**< the same for announced addresses */
} NeoPathsConf;

/** The values without a file. */
NeoPathsConf neo_paths_conf_default(void);

/** Reads the file @path over the defaults; a file that does not exist is no error. */
gboolean neo_paths_conf_load(const char *path, NeoPathsConf *ret_conf, GError **error);
