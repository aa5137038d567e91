/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "systemd-units/proxy-files.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "common/error.h"
#include "systemd-units/proxy-state.h"

void neo_proxy_nameservers_parse(const char *text, GArray *servers)
{
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

  for (char **line = lines; *line; line++) {
    g_auto(GStrv) words = g_strsplit_set(g_strstrip(*line), " \t", -1);
    guint n = 1;
    NeoAddress address;
    if (!words[0] || !g_str_equal(words[0], "nameserver"))
      continue;
    while (words[n] && !*words[n])
      n++;
    if (words[n] && neo_address_parse(words[n], &address) && !neo_address_is_loopback(&address) &&
        !neo_address_is_link_local(&address) && !neo_address_is_unspecified(&address))
      g_array_append_val(servers, address);
  }
}

GArray *neo_proxy_nameservers(void)
{
  /* A local stub in the first (127.0.0.53, 127.0.0.1) is not reachable from inside; its upstream is in the others. */
  static const char *const files[] = { "/etc/resolv.conf", "/run/systemd/resolve/resolv.conf",
                                       "/run/NetworkManager/no-stub-resolv.conf" };
  GArray *servers = g_array_new(FALSE, FALSE, sizeof(NeoAddress));

  for (guint i = 0; i < G_N_ELEMENTS(files) && servers->len == 0; i++) {
    g_autofree char *text = NULL;
    if (g_file_get_contents(files[i], &text, NULL, NULL))
      neo_proxy_nameservers_parse(text, servers);
  }
  return servers;
}

/* In place: the hosted service has this very inode mounted as its /etc/resolv.conf. */
static gboolean write_in_place(const char *path, const char *text, GError **error)
{
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644), errnum;

  if (fd < 0)
    return neo_error_set_errno(error, errno, "%s", path);
  gssize written = write(fd, text, strlen(text));
  errnum = errno;
  close(fd);
  return written == (gssize)strlen(text) ? TRUE : neo_error_set_errno(error, written < 0 ? errnum : ENOSPC, "%s", path);
}

static gboolean write_resolv_conf(const NeoProxyPlan *plan, const char *dir, GError **error)
{
  g_autofree char *path = g_build_filename(dir, "resolv.conf", NULL);
  g_autoptr(GString) text = g_string_new("# Written by neo-netns(8) for the service in the namespace.\n");

  for (guint i = 0; i < plan->resolvers->len; i++) {
    g_autofree char *address = neo_address_to_string(&g_array_index(plan->resolvers, NeoAddress, i));
    g_string_append_printf(text, "nameserver %s\n", address);
  }
  return write_in_place(path, text->str, error);
}

static gboolean write_front(const NeoProxyPlan *plan, const NeoProxyPort *port, GError **error)
{
  g_autofree char *path = g_strdup_printf(NEO_PROXY_RUN_DIR "/%s:%u.conf", plan->name, port->port);
  gboolean has_ipv6 = g_file_test("/proc/sys/net/ipv6", G_FILE_TEST_EXISTS);
  g_autofree char *text = g_strdup_printf("# Written by neo-netns(8).\n"
                                          "[Racer]\n"
                                          "Listen=%s:%u\n"
                                          "ListenMptcp=yes\n"
                                          "Endpoints=127.0.0.1:%u\n"
                                          "Mptcp=no\n"
                                          "CrashSafe=yes\n"
                                          /* The service ends with the namespace too: there is nothing to wait for. */
                                          "DrainTime=1s\n",
                                          has_ipv6 ? "[::]" : "0.0.0.0", port->inside, port->port);

  return g_file_set_contents(path, text, -1, error);
}

gboolean neo_proxy_files_write(const NeoProxyPlan *plan, GError **error)
{
  g_autofree char *dir = neo_proxy_state_dir(plan->name);

  if (g_mkdir_with_parents(dir, 0755) < 0)
    return neo_error_set_errno(error, errno, "%s", dir);
  for (guint i = 0; plan->front && i < plan->ports->len; i++)
    if (!write_front(plan, &g_array_index(plan->ports, NeoProxyPort, i), error))
      return FALSE;
  return write_resolv_conf(plan, dir, error);
}

/* Removes what is in @dir and begins with @prefix. */
static void remove_matching(const char *dir, const char *prefix)
{
  g_autoptr(GDir) entries = g_dir_open(dir, 0, NULL);
  const char *entry;

  while (entries && (entry = g_dir_read_name(entries))) {
    g_autofree char *path = g_build_filename(dir, entry, NULL);
    if (g_str_has_prefix(entry, prefix))
      g_unlink(path);
  }
}

gboolean neo_proxy_files_remove(const char *name, GError **error)
{
  g_autofree char *dir = neo_proxy_state_dir(name), *prefix = g_strconcat(name, ":", NULL);

  remove_matching(NEO_PROXY_RUN_DIR, prefix);
  remove_matching(dir, "");
  if (g_rmdir(dir) < 0 && errno != ENOENT)
    return neo_error_set_errno(error, errno, "%s", dir);
  return TRUE;
}
