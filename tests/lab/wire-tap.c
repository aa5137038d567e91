/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/lab/wire-tap.h"

#include <err.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

int tap_open(const char *path, const char *name)
{
  struct ifreq request = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
  int ns = open(path, O_RDONLY | O_CLOEXEC), tap;

  if (ns < 0 || setns(ns, CLONE_NEWNET) < 0)
    err(1, "network namespace %s", path);
  close(ns);
  if (strlen(name) >= sizeof(request.ifr_name))
    errx(1, "\"%s\" is too long for the name of an interface", name);
  strcpy(request.ifr_name, name);
  tap = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (tap < 0 || ioctl(tap, TUNSETIFF, &request) < 0)
    err(1, "TAP %s", name);
  return tap;
}

bool tap_set_whole(int tap, bool whole)
{
  return ioctl(tap, TUNSETOFFLOAD, whole ? TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 : TUN_F_CSUM) == 0;
}
