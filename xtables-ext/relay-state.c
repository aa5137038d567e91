/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "xtables-ext/relay-state.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "common/error.h"
#include "xtables-ext/relay-rules.h"

int neo_relay_state_lock(GError **error)
{
  if (g_mkdir_with_parents(NEO_RELAY_STATE_DIR, 0755) < 0) {
    neo_error_set_errno(error, errno, "%s", NEO_RELAY_STATE_DIR);
    return -1;
  }
  int fd = open(NEO_RELAY_STATE_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0 || flock(fd, LOCK_EX) < 0) {
    neo_error_set_errno(error, errno, "%s: lock", NEO_RELAY_STATE_DIR);
    if (fd >= 0)
      close(fd);
    return -1;
  }
  return fd;
}

char *neo_relay_state_path(const char *name)
{
  return g_build_filename(NEO_RELAY_STATE_DIR, name, NULL);
}

char *neo_relay_state_rules(const char *state, NeoIptables family)
{
  g_autofree char *header = g_strdup_printf("# %s\n", neo_iptables_restore_name(family));
  const char *start = strstr(state, header);

  if (!start)
    return g_strdup("");
  start += strlen(header);
  const char *end = strstr(start, "# ");
  return end ? g_strndup(start, end - start) : g_strdup(start);
}

gboolean neo_relay_state_shares(const char *state)
{
  g_autofree char *call = g_strdup_printf("\n-A %s ", neo_relay_shared_chain(NEO_RELAY_CHAIN_IN));

  return strstr(state, call) != NULL;
}
