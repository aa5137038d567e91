/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "xtables-ext/relay-firewalld.h"

#include <gio/gio.h>
#include <glib-unix.h>

#define FIREWALLD "org.fedoraproject.FirewallD1"
#define FIREWALLD_PATH "/org/fedoraproject/FirewallD1"

/* firewalld with 10,000 rules needs some seconds to start. */
enum { START_MS = 120000 };

typedef struct {
  gboolean (*repair)(GError **error);
  GMainLoop *loop;
  gboolean seen;
} Watch;

static void repair(Watch *watch, const char *why)
{
  g_autoptr(GError) error = NULL;

  if (watch->repair(&error))
    g_message("firewalld %s: the rules of relays stand", why);
  else
    g_warning("firewalld %s: %s", why, error->message);
}

static void on_started(GObject *source, GAsyncResult *result, gpointer data)
{
  GVariant *answer = g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, NULL);

  g_clear_pointer(&answer, g_variant_unref);
  repair(data, "started");
}

/* It takes its name before it loads its rules, and answers after. */
static void on_appeared(GDBusConnection *bus, const char *name, const char *owner, gpointer data)
{
  ((Watch *)data)->seen = TRUE;
  g_dbus_connection_call(bus, name, FIREWALLD_PATH, FIREWALLD, "getDefaultZone", NULL, NULL, G_DBUS_CALL_FLAGS_NO_AUTO_START, START_MS,
                         NULL, on_started, data);
}

/* Is also told at the beginning, where nothing was flushed: what somebody has put before the relays' rules since then stays there. */
static void on_vanished(GDBusConnection *bus, const char *name, gpointer data)
{
  if (((Watch *)data)->seen)
    repair(data, "has ended");
}

static void on_reloaded(GDBusConnection *bus, const char *sender, const char *path, const char *interface, const char *signal,
                        GVariant *parameters, gpointer data)
{
  repair(data, "reloaded");
}

static gboolean on_end(gpointer data)
{
  g_main_loop_quit(((Watch *)data)->loop);
  return G_SOURCE_CONTINUE;
}

gboolean neo_relay_firewalld_watch(gboolean (*repair_all)(GError **error), GError **error)
{
  g_autoptr(GDBusConnection) bus = g_bus_get_sync(G_BUS_TYPE_SYSTEM, NULL, error);
  if (!bus)
    return FALSE;

  g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
  Watch watch = { repair_all, loop, FALSE };
  guint sources[] = { g_unix_signal_add(SIGTERM, on_end, &watch), g_unix_signal_add(SIGINT, on_end, &watch) };
  guint signal = g_dbus_connection_signal_subscribe(bus, FIREWALLD, FIREWALLD, "Reloaded", FIREWALLD_PATH, NULL, G_DBUS_SIGNAL_FLAGS_NONE,
                                                    on_reloaded, &watch, NULL);
  guint name = g_bus_watch_name_on_connection(bus, FIREWALLD, G_BUS_NAME_WATCHER_FLAGS_NONE, on_appeared, on_vanished, &watch, NULL);

  g_main_loop_run(loop);
  g_bus_unwatch_name(name);
  g_dbus_connection_signal_unsubscribe(bus, signal);
  for (guint i = 0; i < G_N_ELEMENTS(sources); i++)
    g_source_remove(sources[i]);
  return TRUE;
}
