/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "common/config.h"

#define ARGS const NeoConfigKey *key, const char *value, gpointer field, NeoConfigProblem *problem

static gboolean refuse(NeoConfigProblem *problem, const char *what, const char *expected)
{
  *problem = (NeoConfigProblem){ what, expected };
  return FALSE;
}

gboolean neo_config_bool(ARGS)
{
  static const char *const names[] = { "no", "yes", "false", "true", "off", "on", "0", "1" };

  for (guint i = 0; i < G_N_ELEMENTS(names); i++)
    if (g_ascii_strcasecmp(value, names[i]) == 0) {
      *(gboolean *)field = i % 2;
      return TRUE;
    }
  return refuse(problem, "not a boolean", "yes or no");
}

/* The range is part of what is expected; interned, as a problem holds static strings. */
static const char *range(const NeoConfigKey *key)
{
  g_autofree char *text = g_strdup_printf("a number from %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT, key->min, key->max);
  return g_intern_string(text);
}

gboolean neo_config_uint(ARGS)
{
  guint64 number;

  if (!g_ascii_string_to_unsigned(value, 10, key->min, key->max, &number, NULL))
    return refuse(problem, "not in range", range(key));
  *(guint *)field = number;
  return TRUE;
}

gboolean neo_config_enum(ARGS)
{
  const char *const *names = key->data;

  for (guint i = 0; names[i]; i++)
    if (g_str_equal(names[i], value)) {
      *(guint *)field = i;
      return TRUE;
    }
  g_autofree char *all = g_strjoinv(", ", (char **)names);
  g_autofree char *expected = g_strconcat("one of ", all, NULL);
  return refuse(problem, "unknown value", g_intern_string(expected));
}

gboolean neo_config_string(ARGS)
{
  char **string = field;

  if (!g_utf8_validate(value, -1, NULL))
    return refuse(problem, "not UTF-8", "text");
  g_free(*string);
  *string = g_strdup(value);
  return TRUE;
}

static gboolean unit_factor(const char *unit, guint64 *ret_factor)
{
  static const struct { const char *name; guint64 factor; } units[] = {
    { "", 1000 }, { "s", 1000 }, { "ms", 1 }, { "min", 60000 }, { "h", 3600000 },
  };

  for (guint i = 0; i < G_N_ELEMENTS(units); i++)
    if (g_str_equal(units[i].name, unit)) {
      *ret_factor = units[i].factor;
      return TRUE;
    }
  return FALSE;
}

gboolean neo_config_milliseconds(ARGS)
{
  guint64 number, factor = 0;
  gsize digits = strspn(value, "0123456789");
  g_autofree char *count = g_strndup(value, digits);

  if (!unit_factor(value + digits, &factor) ||
      !g_ascii_string_to_unsigned(count, 10, 0, G_MAXUINT / factor, &number, NULL))
    return refuse(problem, "not a time", "a time such as 200ms, 5s, 2min or 1h");
  *(guint *)field = number * factor;
  return TRUE;
}

gboolean neo_config_address(ARGS)
{
  if (!neo_address_parse(value, field))
    return refuse(problem, "not an address", "an IPv4 or IPv6 address such as 192.0.2.1 or 2001:db8::1");
  return TRUE;
}

gboolean neo_config_prefix(ARGS)
{
  if (!neo_prefix_parse(value, field))
    return refuse(problem, "not a network", "a network without host bits, such as 10.0.0.0/24 or fd00::/64");
  return TRUE;
}

static GArray *array(gpointer field, gsize size)
{
  GArray **items = field;

  if (!*items)
    *items = g_array_new(FALSE, FALSE, size);
  return *items;
}

gboolean neo_config_addresses(ARGS)
{
  NeoAddress address;

  if (!neo_config_address(key, value, &address, problem))
    return FALSE;
  g_array_append_val(array(field, sizeof address), address);
  return TRUE;
}

gboolean neo_config_ports(ARGS)
{
  guint64 number;

  if (!g_ascii_string_to_unsigned(value, 10, 1, 65535, &number, NULL))
    return refuse(problem, "not a port", "a port from 1 to 65535");
  guint16 port = number;
  g_array_append_val(array(field, sizeof port), port);
  return TRUE;
}

gboolean neo_config_strings(ARGS)
{
  GPtrArray **strings = field;
  g_autofree char *string = NULL;

  if (!neo_config_string(key, value, &string, problem))
    return FALSE;
  if (!*strings)
    *strings = g_ptr_array_new_with_free_func(g_free);
  g_ptr_array_add(*strings, g_steal_pointer(&string));
  return TRUE;
}
