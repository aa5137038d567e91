/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "racer/srv.h"

#include <string.h>

static void clear_record(gpointer data)
{
  g_free(((RacerSrv *)data)->target);
}

static int compare(gconstpointer one, gconstpointer other)
{
  const RacerSrv *a = one, *b = other;

  if (a->priority != b->priority)
    return a->priority < b->priority ? -1 : 1;
  if (a->weight != b->weight)
    return a->weight > b->weight ? -1 : 1;
  int order = strcmp(a->target, b->target);
  return order ? order : (int)a->port - (int)b->port;
}

gboolean racer_srv_is_name(const char *text)
{
  const char *protocol = text[0] == '_' ? strstr(text, "._") : NULL;
  const char *domain = protocol ? strchr(protocol + 2, '.') : NULL;

  return domain && protocol > text + 1 && domain > protocol + 2 && domain[1] != '\0';
}

static void add(GArray *records, GVariant *variant)
{
  RacerSrv record;

  g_variant_get(variant, "(qqqs)", &record.priority, &record.weight, &record.port, &record.target);
  if (g_str_has_suffix(record.target, "."))
    record.target[strlen(record.target) - 1] = '\0';
  if (record.port > 0 && record.target[0] != '\0')
    g_array_append_val(records, record);
  else
    g_free(record.target);
}

static gboolean is_known(const GArray *records, const RacerSrv *record)
{
  for (guint i = 0; i < records->len; i++) {
    const RacerSrv *other = &g_array_index(records, RacerSrv, i);
    if (other < record && other->port == record->port && g_str_equal(other->target, record->target))
      return TRUE;
  }
  return FALSE;
}

/* The same host and port twice would be raced twice: the first, of the better priority, counts. */
static void drop_doubles(GArray *records)
{
  for (guint i = records->len; i > 1; i--)
    if (is_known(records, &g_array_index(records, RacerSrv, i - 1)))
      g_array_remove_index(records, i - 1);
}

GArray *racer_srv_read(const GList *list)
{
  GArray *records = g_array_new(FALSE, FALSE, sizeof(RacerSrv));

  g_array_set_clear_func(records, clear_record);
  for (; list; list = list->next)
    add(records, list->data);
  g_array_sort(records, compare);
  drop_doubles(records);
  return records;
}

gboolean racer_srv_equal(const GArray *a, const GArray *b)
{
  if (a->len != b->len)
    return FALSE;
  for (guint i = 0; i < a->len; i++)
    if (compare(&g_array_index(a, RacerSrv, i), &g_array_index(b, RacerSrv, i)) != 0)
      return FALSE;
  return TRUE;
}
