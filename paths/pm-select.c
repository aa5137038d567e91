/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "paths/pm-select.h"

#include "common/sysctl.h"

#define BY_NAME "net/mptcp/path_manager"
#define BY_NUMBER "net/mptcp/pm_type"

gboolean neo_pm_is_selected(void)
{
  g_autofree char *name = neo_sysctl_read(BY_NAME, NULL);
  g_autofree char *number = name ? NULL : neo_sysctl_read(BY_NUMBER, NULL);

  return name ? g_str_equal(name, "userspace") : g_strcmp0(number, "1") == 0;
}

gboolean neo_pm_select(gboolean userspace, GError **error)
{
  g_autofree char *name = neo_sysctl_read(BY_NAME, NULL);

  return name ? neo_sysctl_write(BY_NAME, userspace ? "userspace" : "kernel", error)
              : neo_sysctl_write(BY_NUMBER, userspace ? "1" : "0", error);
}
