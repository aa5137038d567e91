/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "paths/conf.h"

/** Where the MAC addresses of the macvlans come from. */
typedef enum { NEO_MAC_STABLE, NEO_MAC_RANDOM, NEO_MAC_FILE } NeoMacSource;

/** A .network file with a section [X-Neo]: the parent of some macvlans. */
typedef struct {
  char *file;     /**< its name without a directory, "10-ens3.network" */
  char *name;     /**< the interface of [Match] Name= */
  guint paths;
  guint first_table;
  guint mode;     /**< index in neo_macvlan_modes */
  char *prefix;
  NeoMacSource mac_source;
  GPtrArray *macs; /**< char *, from the file; NULL for other sources */
  guint dhcp;     /**< index in neo_dhcp_values */
  gboolean ipv6;
} NeoParent;

/** The values of Mode= and Dhcp=, which networkd writes in the same way; end with NULL. */
extern const char *const neo_macvlan_modes[];
extern const char *const neo_dhcp_values[];

/** Whether the text of a .network file has a section [X-Neo]. */
gboolean neo_parent_is_in(const char *text);

/** What a parent is held against. */
typedef struct {
  const char *root;        /**< the directory below which files are, "/" */
  NeoTables tables;        /**< the range of path tables */
  const GPtrArray *others; /**< NeoParent read before, whose interface names and tables must be different */
} NeoParentContext;

/** Reads the text of the .network file at @path. NULL with NEO_ERROR_CONFIG, a line for each complaint. */
NeoParent *neo_parent_parse(const char *path, const char *text, const NeoParentContext *context, GError **error);
void neo_parent_free(NeoParent *parent);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NeoParent, neo_parent_free)
