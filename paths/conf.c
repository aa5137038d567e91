/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "paths/conf.h"

#include <linux/rtnetlink.h>
#include <string.h>

#include "common/config.h"
#include "paths/pm-pairing.h"

/* The kernel counts the subflows of a connection in 8 bits (struct mptcp_pm_data); 250 have been made. */
#define NEO_MAX_SUBFLOWS 250

static gboolean parse_table(const char *text, guint32 *ret_table)
{
  guint64 number;

  if (!g_ascii_string_to_unsigned(text, 10, 1, G_MAXUINT32, &number, NULL))
    return FALSE;
  *ret_table = number;
  return TRUE;
}

static gboolean parse_tables(const NeoConfigKey *key, const char *value, gpointer field, NeoConfigProblem *problem)
{
  g_auto(GStrv) ends = g_strsplit(value, "-", 2);
  NeoTables tables;

  if (g_strv_length(ends) != 2 || !parse_table(g_strstrip(ends[0]), &tables.first) ||
      !parse_table(g_strstrip(ends[1]), &tables.last) || tables.first > tables.last) {
    *problem = (NeoConfigProblem){ "not a range of tables", "FIRST-LAST, such as 1000-1999" };
    return FALSE;
  }
  if (tables.first <= RT_TABLE_LOCAL && tables.last >= RT_TABLE_DEFAULT) {
    *problem = (NeoConfigProblem){ "main, default or local table in", "a range without the tables 253 to 255" };
    return FALSE;
  }
  *(NeoTables *)field = tables;
  return TRUE;
}

NeoPathsConf neo_paths_conf_default(void)
{
  return (NeoPathsConf){ .tables = { 1000, 1999 }, .subflows = G_MAXUINT, .add_addr_accepted = G_MAXUINT,
                         .pairing = NEO_PM_DIRECT, .max_subflows = NEO_MAX_SUBFLOWS };
}

gboolean neo_paths_conf_load(const char *path, NeoPathsConf *ret_conf, GError **error)
{
  static const char *const managers[] = { "auto", "kernel", "userspace", NULL };
  static const char *const pairings[] = { "spread", "fullmesh", "direct", NULL };
  static const NeoConfigKey keys[] = {
    { "Tables", parse_tables, G_STRUCT_OFFSET(NeoPathsConf, tables) },
    { "Subflows", neo_config_uint, G_STRUCT_OFFSET(NeoPathsConf, subflows), .min = 0, .max = 255 },
    { "AddAddrAccepted", neo_config_uint, G_STRUCT_OFFSET(NeoPathsConf, add_addr_accepted), .min = 0, .max = 255 },
    { "PathManager", neo_config_enum, G_STRUCT_OFFSET(NeoPathsConf, path_manager), .data = managers },
    { "Pairing", neo_config_enum, G_STRUCT_OFFSET(NeoPathsConf, pairing), .data = pairings },
    { "MaxSubflows", neo_config_uint, G_STRUCT_OFFSET(NeoPathsConf, max_subflows), .min = 1, .max = NEO_MAX_SUBFLOWS },
    { NULL },
  };
  static const NeoConfigSchema schema = { .section = "Paths", .keys = keys };
  NeoPathsConf conf = neo_paths_conf_default();

  if (g_file_test(path, G_FILE_TEST_EXISTS) && !neo_config_load(path, &schema, &conf, error))
    return FALSE;
  *ret_conf = conf;
  return TRUE;
}
