/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/** A range of routing tables, both ends included. */
typedef struct {
  guint32 first, last;
} NeoTables;

/** Who makes the subflows of MPTCP connections. */
typedef enum {
  NEO_PATH_MANAGER_AUTO,   /**< the kernel, unless it cannot hold all addresses */
  NEO_PATH_MANAGER_KERNEL,
  NEO_PATH_MANAGER_USERSPACE, /**< neo-pathd */
} NeoPathManager;

/** What /etc/neo/paths.conf says (neo-paths.conf(5)). */
typedef struct {
  NeoTables tables;
  guint subflows;          /**< the kernel's limit is raised to this; more than it takes means: as far as it goes */
  guint add_addr_accepted; /**< the same for announced addresses */
  guint path_manager;      /**< NeoPathManager */
  guint pairing;           /**< NeoPmPairing */
  guint max_subflows;      /**< of one connection under neo-pathd, the initial one included */
} NeoPathsConf;

/** The values without a file. */
NeoPathsConf neo_paths_conf_default(void);

/** Reads the file @path over the defaults; a file that does not exist is no error. */
gboolean neo_paths_conf_load(const char *path, NeoPathsConf *ret_conf, GError **error);
