/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/json.h"

static void append_quoted(GString *json, const char *value)
{
  g_autofree char *valid = g_utf8_make_valid(value, -1);

  g_string_append_c(json, '"');
  for (const char *c = valid; *c; c++) {
    if (*c == '"' || *c == '\\')
      g_string_append_c(json, '\\');
    if ((guchar)*c < 0x20)
      g_string_append_printf(json, "\\u%04x", *c);
    else
      g_string_append_c(json, *c);
  }
  g_string_append_c(json, '"');
}

static void begin(GString *json, const char *key)
{
  char last = json->len ? json->str[json->len - 1] : '[';

  if (last != '[' && last != '{')
    g_string_append_c(json, ',');
  if (key) {
    append_quoted(json, key);
    g_string_append_c(json, ':');
  }
}

void neo_json_string(GString *json, const char *key, const char *value)
{
  begin(json, key);
  if (value)
    append_quoted(json, value);
  else
    g_string_append(json, "null");
}

void neo_json_uint(GString *json, const char *key, guint64 value)
{
  begin(json, key);
  g_string_append_printf(json, "%" G_GUINT64_FORMAT, value);
}

void neo_json_bool(GString *json, const char *key, gboolean value)
{
  begin(json, key);
  g_string_append(json, value ? "true" : "false");
}

void neo_json_real(GString *json, const char *key, double value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  begin(json, key);
  g_string_append(json, value < 0 ? "null" : g_ascii_formatd(text, sizeof text, "%.3f", value));
}

void neo_json_open(GString *json, const char *key, char bracket)
{
  begin(json, key);
  g_string_append_c(json, bracket);
}

void neo_json_close(GString *json, char bracket)
{
  g_string_append_c(json, bracket == '{' ? '}' : ']');
}
