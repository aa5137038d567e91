/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

#include "common/address.h"

/*
 * Reads Neo's files: INI with one section, CamelCase keys, comments that begin with # or ; and lines
 * that go on after a backslash (systemd.syntax(7)). All complaints of a file come together, each as
 *     FILE:LINE: Key: what is wrong with "value"; what is expected
 */

typedef struct NeoConfigKey NeoConfigKey;
typedef struct NeoConfigReport NeoConfigReport;

/** What a value parser says of a value that it refuses. Both strings are static. */
typedef struct {
  const char *what;     /**< "not an address" */
  const char *expected; /**< "an IPv4 or IPv6 address such as 192.0.2.1" */
} NeoConfigProblem;

/**
 * Reads @value into @field (the struct's address plus the key's offset). FALSE if it is refused, with @problem
 * filled and @field untouched.
 */
typedef gboolean (*NeoConfigParse)(const NeoConfigKey *key, const char *value, gpointer field, NeoConfigProblem *problem);

typedef enum {
  NEO_CONFIG_REQUIRED = 1 << 0, /**< the file is wrong without it */
  NEO_CONFIG_LIST = 1 << 1,     /**< words separated by blanks or commas, each parsed alone; the key may be repeated */
} NeoConfigFlags;

/** One row of the table from a key to a field of the caller's struct. A table ends with a row without a name. */
struct NeoConfigKey {
  const char *name;
  NeoConfigParse parse;
  gsize offset;
  NeoConfigFlags flags;
  guint64 min, max;   /**< for numbers */
  const void *data;   /**< what the parser needs: the names of an enum, ended by NULL */
  /**
   * Of a row with only a name: the key was removed, and this one of the same table took its place. A file that has the old key goes on
   * working: the value is read as the new one's, with a warning (g_warning()).
   */
  const char *instead;
};

typedef struct {
  const char *section;
  const NeoConfigKey *keys;
  gboolean foreign_sections; /**< sections of others stand in the same file and are passed over */
  gboolean foreign_keys;     /**< the section is another program's, and so are keys that are not in the table */
  const char *own_prefix;    /**< but not those that begin so, with @foreign_keys; may be NULL */
  /** Checks what several keys say together and complains with neo_config_report(); may be NULL. */
  void (*check)(gpointer data, NeoConfigReport *report);
} NeoConfigSchema;

/** Complains of @key at the line where it was set (without a line if it was not). @value may be NULL. */
void neo_config_report(NeoConfigReport *report, const char *key, const char *value, const char *what, const char *expected);

/** Whether @key stood in the file. */
gboolean neo_config_report_has(const NeoConfigReport *report, const char *key);

/**
 * Reads the file @path into the struct @data, which holds the defaults. On an error (NEO_ERROR_CONFIG; the
 * message has a line for each complaint) the fields that were right are filled: the caller must clear and not use it.
 */
gboolean neo_config_load(const char *path, const NeoConfigSchema *schema, gpointer data, GError **error);

/** As neo_config_load() for a text in memory; @name stands for the file in messages. */
gboolean neo_config_parse(const char *name, const char *text, const NeoConfigSchema *schema, gpointer data, GError **error);

/* Value parsers. The type of the field stands beside each. */
gboolean neo_config_bool(const NeoConfigKey *key, const char *value, gpointer field, NeoConfigProblem *problem);      /* gboolean */
gboolean neo_config_uint(const NeoConfigKey *key, const char *value, gpointer field, NeoConfigProblem *problem);      /* guint, min and max */
gboolean neo_config_enum(const NeoConfigKey *key, const char *value, gpointer field, NeoConfigProblem *problem);      /* guint, index in data */
gboolean neo_config_string(const NeoConfigKey *key, const char *value, gpointer field, NeoConfigProblem *problem);    /* char * */
gboolean neo_config_milliseconds(const NeoConfigKey *key, const char *value, gpointer field, NeoConfigProblem *problem); /* guint, "5s", "200ms", "2min", "1h", bare = s */
gboolean neo_config_address(const NeoConfigKey *key, const char *value, gpointer field, NeoConfigProblem *problem);   /* NeoAddress */
gboolean neo_config_prefix(const NeoConfigKey *key, const char *value, gpointer field, NeoConfigProblem *problem);    /* NeoPrefix */

/* For NEO_CONFIG_LIST: each word is added to the array, which is made when it is NULL. */
gboolean neo_config_addresses(const NeoConfigKey *key, const char *value, gpointer field, NeoConfigProblem *problem); /* GArray * of NeoAddress */
gboolean neo_config_ports(const NeoConfigKey *key, const char *value, gpointer field, NeoConfigProblem *problem);     /* GArray * of guint16 */
gboolean neo_config_strings(const NeoConfigKey *key, const char *value, gpointer field, NeoConfigProblem *problem);   /* GPtrArray * of char * */
