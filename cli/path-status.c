/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/path-status.h"

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

/* Columns of a terminal are counted in characters, not bytes. A control character in a name would end the line. */
static void append_padded(GString *text, const char *value, glong width)
{
  for (const char *c = value; *c; c++)
    g_string_append_c(text, g_ascii_iscntrl(*c) ? '?' : *c);
  for (glong i = g_utf8_strlen(value, -1); i < width + 2; i++)
    g_string_append_c(text, ' ');
}

char *neo_path_status_table(const GPtrArray *paths)
{
  GString *text = g_string_new(NULL);
  glong name = 4, interface = 9, address = 7;

  for (guint i = 0; i < paths->len; i++) {
    const NeoPathStatus *status = paths->pdata[i];
    g_autofree char *addresses = join_addresses(status);
    name = MAX(name, g_utf8_strlen(status->name, -1));
    interface = MAX(interface, g_utf8_strlen(status->interface, -1));
    address = MAX(address, g_utf8_strlen(addresses, -1));
  }
  append_padded(text, "NAME", name);
  append_padded(text, "INTERFACE", interface);
  append_padded(text, "TABLE", 5);
  append_padded(text, "ADDRESS", address);
  g_string_append(text, "STATE\n");
  for (guint i = 0; i < paths->len; i++) {
    const NeoPathStatus *status = paths->pdata[i];
    g_autofree char *addresses = join_addresses(status), *table = g_strdup_printf("%u", status->table);
    append_padded(text, status->name, name);
    append_padded(text, status->interface, interface);
    append_padded(text, table, 5);
    append_padded(text, addresses, address);
    g_string_append_printf(text, "%s\n", status->state);
  }
  return g_string_free(text, FALSE);
}

/* RFC 8259, 7. */
static void append_string(GString *text, const char *value)
{
  g_string_append_c(text, '"');
  for (; *value; value++) {
    if (*value == '"' || *value == '\\')
      g_string_append_c(text, '\\');
    if ((guchar)*value < 0x20)
      g_string_append_printf(text, "\\u%04x", *value);
    else
      g_string_append_c(text, *value);
  }
  g_string_append_c(text, '"');
}

static void append_member(GString *text, const char *key, const char *value)
{
  g_string_append_printf(text, "\"%s\":", key);
  append_string(text, value);
  g_string_append_c(text, ',');
}

static void append_path(GString *text, const NeoPathStatus *status)
{
  g_string_append_c(text, '{');
  append_member(text, "name", status->name);
  append_member(text, "uuid", status->uuid);
  append_member(text, "interface", status->interface);
  append_member(text, "parent", status->parent);
  append_member(text, "state", status->state);
  g_string_append_printf(text, "\"table\":%u,\"addresses\":[", status->table);
  for (guint i = 0; i < status->addresses->len; i++) {
    g_string_append(text, i ? "," : "");
    append_string(text, status->addresses->pdata[i]);
  }
  g_string_append(text, "]}");
}

char *neo_path_status_json(const GPtrArray *paths)
{
  GString *text = g_string_new("[");

  for (guint i = 0; i < paths->len; i++) {
    g_string_append(text, i ? ",\n " : "");
    append_path(text, paths->pdata[i]);
  }
  g_string_append(text, "]\n");
  return g_string_free(text, FALSE);
}
