/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <unistd.h>

#include "common/error.h"
#include "common/forwarding.h"
#include "common/log.h"
#include "systemd-units/proxy-conflict.h"
#include "systemd-units/proxy-files.h"
#include "systemd-units/proxy-forward.h"
#include "systemd-units/proxy-state.h"
#include "systemd-units/proxy-steps.h"

#define PROXY_CONF_DIR NEO_CONFDIR "/proxy"

/* The generator has said it at boot or at a daemon-reload, in the kernel's log; a start is where one looks. */
static void warn_of_conflicts(const char *name, const char *service)
{
  g_autofree char *conflicts = neo_proxy_conflicts(neo_proxy_unit_dirs, service);
  g_auto(GStrv) lines = g_strsplit(conflicts ? conflicts : "", "\n", -1);

  for (char **line = lines; *line; line++)
    g_log_structured(G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "MESSAGE", "%s: %s will not work in the namespace: %s", name, service, *line);
}

static NeoProxyPlan *plan(const char *name, const NeoProxyPlan *before, GError **error)
{
  g_autofree char *path = g_strconcat(PROXY_CONF_DIR "/", name, ".conf", NULL), *link = neo_proxy_link_name(name),
                  *probe_link = neo_proxy_probe_link_name(name);
  g_autoptr(NeoProxyHost) host = neo_proxy_host_observe(link, probe_link, error);

  if (!host)
    return NULL;
  neo_proxy_state_others(name, host);
  g_autoptr(NeoProxyConfig) config = neo_proxy_config_load(path, host, NULL, error);
  if (!config)
    return NULL;
  g_autoptr(GArray) resolvers = config->resolvers ? g_array_ref(config->resolvers) : neo_proxy_nameservers();
  NeoProxyPlan *made = neo_proxy_plan_make(name, config, host, resolvers, before, error);
  if (made && !before)
    warn_of_conflicts(name, config->service);
  if (made)
    neo_proxy_guard(made, NEO_FORWARDING_ROOT, NEO_FORWARDING_STATE_DIR);
  return made;
}

static gboolean start(const char *name, GError **error)
{
  g_autoptr(NeoProxyPlan) before = neo_proxy_state_load(name), made = plan(name, before, error);

  if (!made)
    return FALSE;
  if (made->resolvers->len == 0)
    g_log_structured(G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "MESSAGE",
                     "%s: no resolver but loopback is known; names do not resolve inside without Resolver=", name);
  return neo_proxy_steps_apply(neo_proxy_steps, made, before, error);
}

static gboolean same_network(const NeoPrefix *a, const NeoPrefix *b)
{
  return a->length == b->length && (a->length == 0 || neo_address_equal(&a->address, &b->address));
}

static gboolean same_ports(const GArray *a, const GArray *b)
{
  gboolean same = a->len == b->len;

  for (guint i = 0; same && i < a->len; i++) {
    const NeoProxyPort *one = &g_array_index(a, NeoProxyPort, i), *other = &g_array_index(b, NeoProxyPort, i);
    same = one->port == other->port && one->inside == other->inside;
  }
  return same;
}

static gboolean reload(const char *name, GError **error)
{
  g_autoptr(NeoProxyPlan) before = neo_proxy_state_load(name), made = NULL;

  if (!before) {
    g_set_error(error, NEO_ERROR, NEO_ERROR_SYSTEM, "%s is not up", name);
    return FALSE;
  }
  made = plan(name, before, error);
  if (!made)
    return FALSE;
  if (!same_network(&made->subnet, &before->subnet) ||
      (before->ipv6 && !same_network(&made->subnet6, &before->subnet6)) || !same_ports(made->ports, before->ports) ||
      made->probe != before->probe) {
    g_set_error(error, NEO_ERROR, NEO_ERROR_CONFIG,
                PROXY_CONF_DIR
                "/%s.conf: Ports, Mptcp, Probe or the link's network has changed; expected a restart instead of a reload",
                name);
    return FALSE;
  }
  return neo_proxy_steps_apply(neo_proxy_steps, made, before, error);
}

static gboolean stop(const char *name, GError **error)
{
  return neo_proxy_steps_undo(neo_proxy_steps, name, error);
}

/* The first step makes the namespace; in the unit its end, like its beginning, is a command of its own. */
static gboolean clear(const char *name, GError **error)
{
  return neo_proxy_steps_undo(neo_proxy_steps + 1, name, error);
}

/* The first step again, with nothing known but the file; one that is wrong is for start to complain of. */
static gboolean create(const char *name, GError **error)
{
  g_autofree char *path = g_strconcat(PROXY_CONF_DIR "/", name, ".conf", NULL);
  g_autoptr(NeoProxyConfig) config = neo_proxy_config_load(path, NULL, NULL, NULL);
  g_autoptr(NeoProxyPlan) bare = neo_proxy_plan_new(name);

  bare->probe = config && config->probe;
  return neo_proxy_steps[0].apply(bare, NULL, error);
}

static gboolean delete(const char *name, GError **error)
{
  return neo_proxy_steps[0].undo(name, error);
}

static gboolean dump(const char *name, GError **error)
{
  g_autoptr(NeoProxyPlan) before = neo_proxy_state_load(name), made = plan(name, before, error);

  if (!made)
    return FALSE;
  g_autofree char *text = neo_proxy_plan_to_string(made);
  fputs(text, stdout);
  return TRUE;
}

static const struct {
  const char *name;
  gboolean (*run)(const char *name, GError **error);
  const char *summary;
} commands[] = {
  { "start", start, "sets the namespace up, or brings it to what the file says" },
  { "reload", reload, "the same for a namespace that is up: relays come and go, connections stay" },
  { "stop", stop, "takes all of it away" },
  { "clear", clear, "the same, but leaves the namespace" },
  { "delete", delete, "removes the namespace and nothing else" },
  { "create", create, "makes the namespace and nothing in it" },
  { "dump", dump, "prints what start would set up" },
};

static void usage(FILE *stream)
{
  fputs("usage: neo-netns COMMAND NAME, for the proxy in " PROXY_CONF_DIR "/NAME.conf\n", stream);
  for (guint i = 0; i < G_N_ELEMENTS(commands); i++)
    fprintf(stream, "  %-8s %s\n", commands[i].name, commands[i].summary);
}

static gboolean run(const char *command, const char *name, GError **error)
{
  if (!neo_proxy_name_valid(name)) {
    g_set_error(error, NEO_ERROR, NEO_ERROR_USAGE, "\"%s\" is not a name; expected 1 to 11 of a-z, A-Z, 0-9, _ and -",
                name);
    return FALSE;
  }
  for (guint i = 0; i < G_N_ELEMENTS(commands); i++)
    if (g_str_equal(commands[i].name, command)) {
      int fd = neo_proxy_lock(error);
      gboolean done = fd >= 0 && commands[i].run(name, error);
      if (fd >= 0)
        close(fd);
      return done;
    }
  g_set_error(error, NEO_ERROR, NEO_ERROR_USAGE, "\"%s\" is not a command; see neo-netns --help", command);
  return FALSE;
}

int main(int argc, char **argv)
{
  g_autoptr(GError) error = NULL;

  neo_log_init("neo-netns");
  if (argc == 2 && (g_str_equal(argv[1], "--help") || g_str_equal(argv[1], "-h"))) {
    usage(stdout);
    return 0;
  }
  if (argc == 2 && g_str_equal(argv[1], "--version")) {
    puts("neo-netns " NEO_VERSION);
    return 0;
  }
  if (argc != 3) {
    usage(stderr);
    return 64;
  }
  return run(argv[1], argv[2], &error) ? 0 : neo_log_failure(error);
}
