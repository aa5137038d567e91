/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "common/error.h"
#include "common/log.h"
#include "paths/kernel.h"
#include "systemd-units/proxy-conflict.h"
#include "systemd-units/proxy-dropin.h"
#include "systemd-units/proxy-state.h"

#define PROGRAM "neo-proxy-generator"

/* A generator runs before the journal; systemd says so in its environment (systemd.generator(7)). */
static void say(const GError *error)
{
  g_auto(GStrv) lines = g_strsplit(error->message, "\n", -1);
  FILE *kmsg = g_getenv("SYSTEMD_SCOPE") ? fopen("/dev/kmsg", "we") : NULL;

  if (!kmsg) {
    neo_log_failure(error);
    return;
  }
  /* A line is a record of its own; 4 is "warning" (dmesg(1)). */
  for (char **line = lines; *line; line++) {
    fprintf(kmsg, "<4>" PROGRAM ": %s\n", *line);
    fflush(kmsg);
  }
  fclose(kmsg);
}

static guint announced_max(void)
{
  g_autoptr(NeoKernel) kernel = neo_kernel_open(NULL);

  return kernel ? kernel->limit_max : 0;
}

int main(int argc, char **argv)
{
  neo_log_init(PROGRAM);
  if (argc != 4) {
    fputs("usage: " PROGRAM " NORMAL-DIR EARLY-DIR LATE-DIR\n", stderr);
    return 64;
  }
  g_autoptr(GPtrArray) complaints = neo_proxy_dropins(NEO_CONFDIR "/proxy", neo_proxy_unit_dirs, NEO_PROXY_RUN_DIR, announced_max(), argv[1]);
  for (guint i = 0; i < complaints->len; i++)
    say(complaints->pdata[i]);
  /* A wrong file must not keep a host from booting. */
  return 0;
}
