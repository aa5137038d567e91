/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "common/error.h"

int neo_lock_directory(const char *dir, GError **error)
{
  if (g_mkdir_with_parents(dir, 0755) < 0) {
    neo_error_set_errno(error, errno, "%s", dir);
    return -1;
  }
  int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0 || flock(fd, LOCK_EX) < 0) {
    neo_error_set_errno(error, errno, "%s: lock", dir);
    if (fd >= 0)
      close(fd);
    return -1;
  }
  return fd;
}
