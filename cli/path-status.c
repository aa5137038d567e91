/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/path-status.h"

#include "cli/json.h"
#include "cli/text.h"

void neo_path_status_free(NeoPathStatus *status)
{
  g_free(status->name);
  g_free(status->uuid);
  g_free(status->interface);
  g_free(status->parent);
  g_ptr_array_unref(status->addresses);
  g_free(status);
}

static char *join_addresses(const NeoPathStatus *status)
{
  GString *text = g_string_new(status->addresses->len ? NULL : "-");

  for (guint i = 0; i < status->addresses->len; i++)
    g_string_append_printf(text, "%s%s", i ? "," : "", (const char *)status->addresses->pdata[i]);
  return g_string_free(text, FALSE);
}

char *neo_path_status_table(const GPtrArray *paths)
{
  g_autoptr(NeoTextTable) table = neo_text_table_new("NAME|INTERFACE|TABLE|ADDRESS|STATE");
  GString *text = g_string_new(NULL);

  for (guint i = 0; i < paths->len; i++) {
    const NeoPathStatus *status = paths->pdata[i];
    neo_text_table_add(table, status->name);
    neo_text_table_add(table, status->interface);
    neo_text_table_take(table, g_strdup_printf("%u", status->table));
    neo_text_table_take(table, join_addresses(status));
    neo_text_table_add(table, status->state);
  }
  neo_text_table_print(table, 0, text);
  return g_string_free(text, FALSE);
}

static void append_path(GString *json, const NeoPathStatus *status)
{
  neo_json_open(json, NULL, '{');
  neo_json_string(json, "name", status->name);
  neo_json_string(json, "uuid", status->uuid);
  neo_json_string(json, "interface", status->interface);
  neo_json_string(json, "parent", status->parent);
  neo_json_string(json, "state", status->state);
  neo_json_uint(json, "table", status->table);
  neo_json_open(json, "addresses", '[');
  for (guint i = 0; i < status->addresses->len; i++)
    neo_json_string(json, NULL, status->addresses->pdata[i]);
  neo_json_close(json, '[');
  neo_json_close(json, '{');
}

char *neo_path_status_json(const GPtrArray *paths)
{
  GString *json = g_string_new("[");

  for (guint i = 0; i < paths->len; i++)
    append_path(json, paths->pdata[i]);
  g_string_append(json, "]\n");
  return g_string_free(json, FALSE);
}
