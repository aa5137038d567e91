/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "racer/listeners.h"

#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "common/error.h"
#include "racer/handover.h"
#include "racer/socket.h"

static void close_listener(gpointer data)
{
  close(*(int *)data);
}

static GArray *fds_new(void)
{
  GArray *fds = g_array_new(FALSE, FALSE, sizeof(int));

  g_array_set_clear_func(fds, close_listener);
  return fds;
}

static gboolean add_socket(GArray *listeners, int fd, GError **error)
{
  g_array_append_val(listeners, fd);
  if (sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, TRUE) > 0)
    return TRUE;
  g_set_error(error, NEO_ERROR, NEO_ERROR_USAGE, "file descriptor %d from the socket unit is no listening stream socket", fd);
  return FALSE;
}

static void add_locker(GArray *lockers, GPtrArray *locker_names, int fd, const char *name)
{
  g_array_append_val(lockers, fd);
  if (!g_ptr_array_find_with_equal_func(locker_names, name, g_str_equal, NULL))
    g_ptr_array_add(locker_names, g_strdup(name));
}

static gboolean add_activated(GArray *listeners, GArray *lockers, GPtrArray *locker_names, GError **error)
{
  g_auto(GStrv) names = NULL;
  int n = sd_listen_fds_with_names(TRUE, &names);

  if (n < 0)
    return neo_error_set_errno(error, -n, "sd_listen_fds_with_names");
  for (int i = 0; i < n; i++) {
    int fd = SD_LISTEN_FDS_START + i;
    if (racer_handover_is_locker(names[i]))
      add_locker(lockers, locker_names, fd, names[i]);
    else if (!add_socket(listeners, fd, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean add_own(GArray *listeners, const RacerSettings *settings, GError **error)
{
  for (guint i = 0; settings->listen && i < settings->listen->len; i++) {
    int fd = racer_socket_listen(settings->listen->pdata[i], settings->listen_mptcp, error);
    if (fd < 0)
      return FALSE;
    g_array_append_val(listeners, fd);
  }
  return TRUE;
}

GArray *racer_listeners_open(const RacerSettings *settings, GArray **ret_lockers, GPtrArray **ret_names, GError **error)
{
  g_autoptr(GArray) listeners = fds_new(), lockers = fds_new();
  g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);

  if (!add_activated(listeners, lockers, names, error) || !add_own(listeners, settings, error))
    return NULL;
  if (listeners->len == 0) {
    g_set_error_literal(error, NEO_ERROR, NEO_ERROR_USAGE,
                        "no listening socket; expected one from a socket unit (neo-racer@PORT.socket) or Listen= in the file");
    return NULL;
  }
  for (guint i = 0; i < listeners->len; i++)
    if (!racer_socket_prepare_listener(g_array_index(listeners, int, i), settings->sockets.keep_alive, settings->fast_open, error))
      return NULL;
  *ret_lockers = g_steal_pointer(&lockers);
  *ret_names = g_steal_pointer(&names);
  return g_steal_pointer(&listeners);
}
