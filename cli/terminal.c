/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

guint neo_terminal_width(void)
{
  enum { DEFAULT = 80, MIN = 40, MAX = 1000 };
  const char *columns = g_getenv("COLUMNS");
  struct winsize size;
  guint64 width;

  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col)
    return CLAMP(size.ws_col, MIN, MAX);
  return columns && g_ascii_string_to_unsigned(columns, 10, MIN, MAX, &width, NULL) ? width : DEFAULT;
}
