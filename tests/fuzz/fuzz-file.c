/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/fuzz/fuzz-file.h"

#include <glib.h>
#include <sys/mman.h>
#include <unistd.h>

int fuzz_file(const void *data, size_t size, char **ret_path)
{
  int fd = memfd_create("fuzz", MFD_CLOEXEC);

  g_assert_cmpint(fd, >=, 0);
  g_assert_cmpint(write(fd, data, size), ==, (ssize_t)size);
  *ret_path = g_strdup_printf("/proc/self/fd/%d", fd);
  return fd;
}
