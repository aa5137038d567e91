/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "paths/restart.h"

#include <stdlib.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-login.h>

#define MANAGER "org.freedesktop.systemd1"
#define TIMEOUT_US (2 * G_USEC_PER_SEC)

G_DEFINE_AUTOPTR_CLEANUP_FUNC(sd_bus, sd_bus_flush_close_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(sd_bus_message, sd_bus_message_unref)

/* The object of the job that is under way for @unit, or NULL. */
static char *job_of(sd_bus *bus, const char *unit)
{
  g_autoptr(sd_bus_message) reply = NULL;
  const char *job = NULL;
  char *object = NULL;
  guint32 id = 0;

  if (sd_bus_path_encode("/org/freedesktop/systemd1/unit", unit, &object) < 0)
    return NULL;
  int done = sd_bus_get_property(bus, MANAGER, object, MANAGER ".Unit", "Job", NULL, &reply, "(uo)");
  free(object);
  if (done < 0 || sd_bus_message_read(reply, "(uo)", &id, &job) < 0 || id == 0)
    return NULL;
  return g_strdup(job);
}

static gboolean is_restart(sd_bus *bus, const char *job)
{
  char *type = NULL;
  gboolean restart = sd_bus_get_property_string(bus, MANAGER, job, MANAGER ".Job", "JobType", NULL, &type) >= 0 && g_str_equal(type, "restart");

  free(type);
  return restart;
}

gboolean neo_is_restarting(void)
{
  g_autoptr(sd_bus) bus = NULL;
  char *unit = NULL;

  if (sd_pid_get_unit(0, &unit) < 0)
    return FALSE;
  g_autofree char *own_unit = g_strdup(unit);
  free(unit);
  if (sd_bus_open_system(&bus) < 0 || sd_bus_set_method_call_timeout(bus, TIMEOUT_US) < 0)
    return FALSE;
  g_autofree char *job = job_of(bus, own_unit);
  return job && is_restart(bus, job);
}
