/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "paths/turn.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "common/error.h"

#define RUN_LOCK NEO_RUN_DIR "/paths.lock"
#define TURN_LOCK NEO_RUN_DIR "/paths-watch.lock"

/* A file descriptor with the lock, or -1; *@ret_errno says why. */
static int lock(const char *path, int operation, int *ret_errno)
{
  int fd = g_mkdir_with_parents(NEO_RUN_DIR, 0755) < 0 ? -1 : open(path, O_RDONLY | O_CREAT | O_CLOEXEC, 0600);

  if (fd >= 0 && flock(fd, operation) == 0)
    return fd;
  *ret_errno = errno;
  if (fd >= 0)
    close(fd);
  return -1;
}

int neo_run_lock(GError **error)
{
  int errnum = 0, fd = lock(RUN_LOCK, LOCK_EX, &errnum);

  if (fd < 0)
    neo_error_set_errno(error, errnum, RUN_LOCK);
  return fd;
}

int neo_turn_take(GError **error)
{
  int errnum = 0, fd = lock(TURN_LOCK, LOCK_EX | LOCK_NB, &errnum);

  if (fd < 0 && errnum != EWOULDBLOCK)
    neo_error_set_errno(error, errnum, TURN_LOCK);
  return fd;
}
