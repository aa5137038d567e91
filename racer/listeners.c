/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "racer/listeners.h"

#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "common/error.h"
#include "racer/handover.h"
#include "racer/socket.h"
#include "racer/store.h"

#define KEPT_START "neo-listener-"

/* What the process was started with. */
typedef struct {
  GArray *listeners; /* int; from the socket unit, and then those of Listen= */
  GArray *kept;      /* int; what the process before listened on by itself. -1: it is among @listeners now */
  GArray *lockers;   /* int */
  GPtrArray *locker_names;
} Sockets;

static void close_listener(gpointer data)
{
  if (*(int *)data >= 0)
    close(*(int *)data);
}

static GArray *fds_new(void)
{
  GArray *fds = g_array_new(FALSE, FALSE, sizeof(int));

  g_array_set_clear_func(fds, close_listener);
  return fds;
}

static void sockets_clear(Sockets *sockets)
{
  g_clear_pointer(&sockets->listeners, g_array_unref);
  g_clear_pointer(&sockets->kept, g_array_unref);
  g_clear_pointer(&sockets->lockers, g_array_unref);
  g_clear_pointer(&sockets->locker_names, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Sockets, sockets_clear)

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

static gboolean add_activated(Sockets *sockets, GError **error)
{
  g_auto(GStrv) names = NULL;
  int n = sd_listen_fds_with_names(TRUE, &names);

  if (n < 0)
    return neo_error_set_errno(error, -n, "sd_listen_fds_with_names");
  for (int i = 0; i < n; i++) {
    int fd = SD_LISTEN_FDS_START + i;
    if (racer_handover_is_locker(names[i]))
      add_locker(sockets->lockers, sockets->locker_names, fd, names[i]);
    else if (g_str_has_prefix(names[i], KEPT_START))
      g_array_append_val(sockets->kept, fd);
    else if (!add_socket(sockets->listeners, fd, error))
      return FALSE;
  }
  return TRUE;
}

/* One for each socket, so that one can be taken out; the same in each process that has the socket. */
static char *kept_name(int fd)
{
  return g_strdup_printf(KEPT_START "%" G_GINT64_MODIFIER "x", racer_socket_id(fd));
}

/* -1 if the process before did not listen there. */
static int take_kept(GArray *kept, const RacerEndpoint *endpoint, gboolean mptcp)
{
  for (guint i = 0; i < kept->len; i++) {
    int fd = g_array_index(kept, int, i);
    if (fd >= 0 && racer_socket_listens_on(fd, endpoint, mptcp)) {
      g_array_index(kept, int, i) = -1;
      return fd;
    }
  }
  return -1;
}

/* systemd has it too, and newer ones close it some time after they were told to. */
static void stop_listening(int fd)
{
  g_autofree char *name = kept_name(fd);

  racer_socket_end(fd, FALSE);
  racer_store_remove(name);
}

/* An MPTCP socket may listen until systemd has closed it as well (Linux 6.1). */
static void close_kept(GArray *kept)
{
  gboolean any = FALSE;

  for (guint i = 0; i < kept->len; i++)
    if (g_array_index(kept, int, i) >= 0) {
      stop_listening(g_array_index(kept, int, i));
      any = TRUE;
    }
  g_array_set_size(kept, 0);
  if (any)
    racer_store_settle();
}

static int listen_and_keep(const RacerEndpoint *endpoint, gboolean mptcp, GError **error)
{
  int fd = racer_socket_listen(endpoint, mptcp, error);

  if (fd >= 0) {
    g_autofree char *name = kept_name(fd);
    racer_store_put(name, fd);
  }
  return fd;
}

/* What is listened on no more is closed before the rest is opened: both may want one port. */
static gboolean add_own(Sockets *sockets, const RacerSettings *settings, GError **error)
{
  guint first = sockets->listeners->len, n = settings->listen ? settings->listen->len : 0;

  for (guint i = 0; i < n; i++) {
    int fd = take_kept(sockets->kept, settings->listen->pdata[i], settings->listen_mptcp);
    g_array_append_val(sockets->listeners, fd);
  }
  close_kept(sockets->kept);
  for (guint i = 0; i < n; i++) {
    int *fd = &g_array_index(sockets->listeners, int, first + i);
    if (*fd < 0)
      *fd = listen_and_keep(settings->listen->pdata[i], settings->listen_mptcp, error);
    if (*fd < 0)
      return FALSE;
  }
  return TRUE;
}

GArray *racer_listeners_open(const RacerSettings *settings, GArray **ret_lockers, GPtrArray **ret_names, GError **error)
{
  g_auto(Sockets) sockets = { fds_new(), fds_new(), fds_new(), g_ptr_array_new_with_free_func(g_free) };

  if (!add_activated(&sockets, error) || !add_own(&sockets, settings, error))
    return NULL;
  if (sockets.listeners->len == 0) {
    g_set_error_literal(error, NEO_ERROR, NEO_ERROR_USAGE,
                        "no listening socket; expected one from a socket unit (neo-racer@PORT.socket) or Listen= in the file");
    return NULL;
  }
  for (guint i = 0; i < sockets.listeners->len; i++)
    if (!racer_socket_prepare_listener(g_array_index(sockets.listeners, int, i), settings->sockets.keep_alive, settings->fast_open,
                                       error))
      return NULL;
  *ret_lockers = g_steal_pointer(&sockets.lockers);
  *ret_names = g_steal_pointer(&sockets.locker_names);
  return g_steal_pointer(&sockets.listeners);
}
