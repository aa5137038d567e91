/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/check.h"
#include "cli/rule-counters.h"
#include "common/sysctl.h"
#include "systemd-units/proxy-files.h"
#include "systemd-units/proxy-namespace.h"
#include "systemd-units/proxy-state.h"

enum { DNS_PORT = 53, ANSWER_MS = 2000 };

/* A question for the name servers of the root (RFC 1035, 4): header, an empty name, type NS, class IN. */
static const guint8 question[] = { 0x4e, 0x65, 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1 };

static gboolean answers(int fd, const NeoAddress *server)
{
  struct pollfd watch = { .fd = fd, .events = POLLIN };
  struct sockaddr_storage sa;
  socklen_t size = neo_address_to_sockaddr(server, DNS_PORT, &sa);
  guint8 answer[2];

  return connect(fd, (struct sockaddr *)&sa, size) == 0 && send(fd, question, sizeof question, 0) == sizeof question &&
         poll(&watch, 1, ANSWER_MS) == 1 && recv(fd, answer, sizeof answer, MSG_TRUNC) >= (gssize)sizeof answer &&
         memcmp(answer, question, sizeof answer) == 0;
}

static gboolean ask(const char *name, const NeoAddress *server)
{
  int home, fd;

  if (!neo_proxy_namespace_enter(name, &home, NULL))
    return FALSE;
  fd = socket(server->family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  neo_proxy_namespace_leave(home);
  gboolean answered = fd >= 0 && answers(fd, server);
  if (fd >= 0)
    close(fd);
  return answered;
}

void neo_check_resolver(NeoReport *report, const char *name)
{
  g_autofree char *subject = g_strdup_printf("resolver in %s", name), *directory = neo_proxy_state_dir(name);
  g_autofree char *path = g_build_filename(directory, "resolv.conf", NULL), *text = NULL;
  g_autoptr(GArray) servers = g_array_new(FALSE, FALSE, sizeof(NeoAddress));
  char *fix = g_strdup_printf("set Resolvers= in " NEO_CONFDIR "/proxy/%s.conf, then systemctl reload neo-netns@%s", name, name);

  if (g_file_get_contents(path, &text, NULL, NULL))
    neo_proxy_nameservers_parse(text, servers);
  for (guint i = 0; i < servers->len; i++) {
    const NeoAddress *server = &g_array_index(servers, NeoAddress, i);
    g_autofree char *address = neo_address_to_string(server);
    if (ask(name, server)) {
      neo_report_ok(report, subject, "%s answers", address);
      g_free(fix);
      return;
    }
  }
  neo_report_bad(report, NEO_VERDICT_FAIL, subject, g_strdup_printf("none of %u servers in %s answers", servers->len, path),
                 g_strdup("one that answers from inside the namespace"), fix);
}

void neo_check_namespace(NeoReport *report, const char *name)
{
  g_autofree char *enabled = NULL;
  g_autoptr(GArray) counters = NULL;
  int home;

  if (!neo_proxy_namespace_enter(name, &home, NULL))
    return;
  /* /proc/sys/net is that of the thread that reads, and a program is run in this thread's namespace. */
  enabled = neo_sysctl_read("net/mptcp/enabled", NULL);
  counters = neo_rule_counters_read(NULL);
  neo_proxy_namespace_leave(home);
  neo_check_mptcp(report, enabled, name);
  if (counters)
    neo_check_option(report, counters, NULL, name);
}
