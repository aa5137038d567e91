/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "cli/prometheus.h"

#define PREFIX "MPTcpExt: "

static void take_pair(GHashTable *counters, const char *names, const char *values)
{
  g_auto(GStrv) name = g_strsplit(names, " ", -1), value = g_strsplit(values, " ", -1);

  for (guint i = 0; name[i] && value[i]; i++) {
    guint64 number;
    if (*name[i] && g_ascii_string_to_unsigned(value[i], 10, 0, G_MAXUINT64, &number, NULL))
      g_hash_table_insert(counters, g_strdup(name[i]), g_memdup2(&number, sizeof number));
  }
}

GHashTable *neo_netstat_parse(const char *netstat)
{
  GHashTable *counters = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  g_auto(GStrv) lines = g_strsplit(netstat, "\n", -1);

  /* Lines come in pairs: the names, then their values (net/ipv4/proc.c of Linux). */
  for (char **line = lines; line[0] && line[1]; line++)
    if (g_str_has_prefix(line[0], PREFIX) && g_str_has_prefix(line[1], PREFIX))
      take_pair(counters, line[0] + strlen(PREFIX), line[1] + strlen(PREFIX));
  return counters;
}
