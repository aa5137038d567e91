/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/** What "neo paths list" says of a path profile. */
typedef struct {
  char *name, *uuid;
  char *interface;
  char *parent;
  guint32 table;
  GPtrArray *addresses; /**< char *, without link-local ones */
  const char *state;    /**< static: one word, see neo(8) */
} NeoPathStatus;

void neo_path_status_free(NeoPathStatus *status);

/** A table with a heading, one line for each of @paths (NeoPathStatus *). The caller owns it. */
char *neo_path_status_table(const GPtrArray *paths);

/** The same as a JSON array of objects. The caller owns it. */
char *neo_path_status_json(const GPtrArray *paths);
