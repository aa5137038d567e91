/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "racer/store.h"

#include <poll.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#define BARRIER_USEC (10 * G_USEC_PER_SEC)
#define PROBE "neo-locker-probe" /* a locker that is empty, to whoever finds it */

/* FDPOLL=0: a locker whose other end died with its process is not done with. */
gboolean racer_store_put(const char *name, int fd)
{
  g_autofree char *state = g_strdup_printf("FDSTORE=1\nFDPOLL=0\nFDNAME=%s", name);

  return sd_pid_notify_with_fds(0, FALSE, state, &fd, 1) > 0;
}

void racer_store_remove(const char *name)
{
  sd_notifyf(FALSE, "FDSTOREREMOVE=1\nFDNAME=%s", name);
}

void racer_store_settle(void)
{
  sd_notify_barrier(FALSE, BARRIER_USEC);
}

static gboolean has_peer(int fd)
{
  struct pollfd state = { .fd = fd };

  return poll(&state, 1, 0) == 0;
}

gboolean racer_store_is_there(void)
{
  int pair[2];

  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
    return FALSE;
  gboolean asked = racer_store_put(PROBE, pair[0]);
  close(pair[0]);
  racer_store_settle();
  gboolean kept = asked && has_peer(pair[1]);
  if (kept)
    racer_store_remove(PROBE);
  close(pair[1]);
  return kept;
}
