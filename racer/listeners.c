/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "racer/listeners.h"

#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "common/error.h"
#include "racer/socket.h"

static void close_listener(gpointer data)
{
  close(*(int *)data);
}

static gboolean add_activated(GArray *listeners, GError **error)
{
  int n = sd_listen_fds(TRUE);

  if (n < 0)
    return neo_error_set_errno(error, -n, "sd_listen_fds");
  for (int fd = SD_LISTEN_FDS_START; fd < SD_LISTEN_FDS_START + n; fd++) {
    if (sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, TRUE) <= 0) {
      g_set_error(error, NEO_ERROR, NEO_ERROR_USAGE, "file descriptor %d from the socket unit is no listening stream socket", fd);
      return FALSE;
    }
    g_array_append_val(listeners, fd);
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

GArray *racer_listeners_open(const RacerSettings *settings, GError **error)
{
  g_autoptr(GArray) listeners = g_array_new(FALSE, FALSE, sizeof(int));

  g_array_set_clear_func(listeners, close_listener);
  if (!add_activated(listeners, error) || !add_own(listeners, settings, error))
    return NULL;
  if (listeners->len == 0) {
    g_set_error_literal(error, NEO_ERROR, NEO_ERROR_USAGE,
                        "no listening socket; expected one from a socket unit (neo-racer@PORT.socket) or Listen= in the file");
    return NULL;
  }
  for (guint i = 0; i < listeners->len; i++)
    if (!racer_socket_prepare_listener(g_array_index(listeners, int, i), settings->sockets.keep_alive, error))
      return NULL;
  return g_steal_pointer(&listeners);
}
