/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "networkd/parent.h"

/** The first line of each file that is generated. */
#define NEO_GENERATED_MARK "# Made by neo-network-generator from a section [X-Neo]; changes here are lost."

/** A file to be, below the directory of networkd's runtime files. */
typedef struct {
  char *name; /**< "10-neo-neo1.netdev", or "10-ens3.network.d/50-neo.conf" */
  char *text;
} NeoGenerated;

void neo_generated_free(NeoGenerated *file);

/** Gives the interface @name its address. The caller owns it. */
typedef char *(*NeoMacOf)(const NeoParent *parent, guint position, const char *name, gpointer data);

/** All files for @parent (NeoGenerated). Pure but for @mac_of. The caller owns them. */
GPtrArray *neo_generate(const NeoParent *parent, NeoMacOf mac_of, gpointer data);
