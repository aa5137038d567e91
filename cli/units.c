/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/units.h"

#include <gio/gio.h>
#include <string.h>

enum { TIMEOUT_MS = 1000 };

#define SYSTEMD "org.freedesktop.systemd1"

struct NeoUnits {
  GDBusConnection *bus;
  GVariant *list; /* a(ssssssouso): name, description, load, active, sub, following, path, ... */
};

NeoUnits *neo_units_list(const char *const *patterns, GError **error)
{
  g_autoptr(GDBusConnection) bus = g_bus_get_sync(G_BUS_TYPE_SYSTEM, NULL, error);
  g_autoptr(GVariant) answer = NULL;

  if (!bus)
    return NULL;
  answer = g_dbus_connection_call_sync(bus, SYSTEMD, "/org/freedesktop/systemd1", SYSTEMD ".Manager", "ListUnitsByPatterns",
                                       g_variant_new("(^as^as)", (const char *const[]){ NULL }, patterns),
                                       G_VARIANT_TYPE("(a(ssssssouso))"), G_DBUS_CALL_FLAGS_NONE, TIMEOUT_MS, NULL, error);
  if (!answer)
    return NULL;
  NeoUnits *units = g_new(NeoUnits, 1);
  *units = (NeoUnits){ g_steal_pointer(&bus), g_variant_get_child_value(answer, 0) };
  return units;
}

void neo_units_free(NeoUnits *units)
{
  if (!units)
    return;
  g_object_unref(units->bus);
  g_variant_unref(units->list);
  g_free(units);
}

static gboolean find(const NeoUnits *units, const char *name, const char **ret_active, const char **ret_path)
{
  GVariantIter iter;
  const char *id, *active, *path;

  g_variant_iter_init(&iter, units->list);
  while (g_variant_iter_next(&iter, "(&s&s&s&s&s&s&ou&s&o)", &id, NULL, NULL, &active, NULL, NULL, &path, NULL, NULL, NULL))
    if (g_str_equal(id, name)) {
      *ret_active = active;
      *ret_path = path;
      return TRUE;
    }
  return FALSE;
}

char *neo_units_state(const NeoUnits *units, const char *name)
{
  const char *active, *path;

  return g_strdup(find(units, name, &active, &path) ? active : "inactive");
}

char *neo_units_status_text(const NeoUnits *units, const char *name)
{
  g_autoptr(GVariant) answer = NULL, text = NULL;
  const char *active, *path;

  if (!find(units, name, &active, &path))
    return NULL;
  answer = g_dbus_connection_call_sync(units->bus, SYSTEMD, path, "org.freedesktop.DBus.Properties", "Get",
                                       g_variant_new("(ss)", SYSTEMD ".Service", "StatusText"), G_VARIANT_TYPE("(v)"),
                                       G_DBUS_CALL_FLAGS_NONE, TIMEOUT_MS, NULL, NULL);
  if (!answer)
    return NULL;
  g_variant_get(answer, "(v)", &text);
  return g_variant_is_of_type(text, G_VARIANT_TYPE_STRING) ? g_variant_dup_string(text, NULL) : NULL;
}

void neo_units_instances(const NeoUnits *units, const char *prefix, GHashTable *names)
{
  GVariantIter iter;
  const char *id;

  g_variant_iter_init(&iter, units->list);
  while (g_variant_iter_next(&iter, "(&s&s&s&s&s&s&ou&s&o)", &id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)) {
    const char *instance = g_str_has_prefix(id, prefix) ? id + strlen(prefix) : "", *dot = strrchr(instance, '.');
    if (*instance == '@' && dot && dot > instance + 1)
      g_hash_table_add(names, g_strndup(instance + 1, dot - instance - 1));
  }
}
