/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <math.h>
#include <stdio.h>

#include "cli/arguments.h"
#include "cli/prometheus.h"
#include "cli/status-collect.h"
#include "cli/status-render.h"
#include "cli/terminal.h"
#include "common/error.h"

/* Long enough for some packets of a slow path, short enough that nobody waits. */
#define DEFAULT_SECONDS 0.02

/* To look at more of them takes longer than that, and for rates all are looked at twice. */
enum { FEW_SOCKETS = 4096 };

static char *render(const NeoStatus *status, gboolean json, gboolean prometheus, gboolean all)
{
  g_autofree char *netstat = NULL;

  if (json)
    return neo_status_to_json(status);
  if (!prometheus)
    return neo_status_to_text(status, neo_terminal_width(), all);
  g_file_get_contents("/proc/self/net/netstat", &netstat, NULL, NULL);
  return neo_status_to_prometheus(status, netstat);
}

/* A reader of the file sees the old text or the new one. */
static gboolean replace(const char *file, const char *text, GError **error)
{
  g_autoptr(GError) failure = NULL;

  if (g_file_set_contents_full(file, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0644, &failure))
    return TRUE;
  g_set_error(error, NEO_ERROR, NEO_ERROR_SYSTEM, "--output: %s", failure->message);
  return FALSE;
}

gboolean neo_status_main(const NeoVerb *verb, int argc, char **argv, GError **error)
{
  gboolean json = FALSE, prometheus = FALSE, all = FALSE;
  g_autofree char *output = NULL;
  double seconds = NAN;
  const GOptionEntry entries[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &json, "Prints JSON", NULL },
    { "prometheus", 0, 0, G_OPTION_ARG_NONE, &prometheus, "Prints metrics for Prometheus", NULL },
    { "output", 0, 0, G_OPTION_ARG_FILENAME, &output, "Replaces FILE, whole and at once, and prints nothing", "FILE" },
    { "all", 0, 0, G_OPTION_ARG_NONE, &all, "Shows each connection", NULL },
    { "seconds", 0, 0, G_OPTION_ARG_DOUBLE, &seconds, "Measures rates for so long; 0: not at all (0.02; with more than 4096 TCP sockets 0)", "NUMBER" },
    { NULL },
  };

  if (!neo_arguments_parse(verb, entries, argc, argv, error))
    return FALSE;
  gboolean costly = !prometheus && isnan(seconds) && neo_sockets_count() > FEW_SOCKETS;
  if (isnan(seconds))
    seconds = costly ? 0 : DEFAULT_SECONDS;
  if (!(seconds >= 0 && seconds <= 3600))
    return neo_arguments_refuse(error, "--seconds: not in range; expected 0 to 3600");
  if (json && prometheus)
    return neo_arguments_refuse(error, "both --json and --prometheus; expected one of them");
  /* What Prometheus wants are counters; it makes the rates. */
  if (prometheus)
    seconds = 0;
  g_autoptr(NeoCollector) collector = neo_collector_new(error);
  if (!collector)
    return FALSE;
  if (seconds > 0) {
    neo_collector_prime(collector);
    g_usleep(seconds * G_USEC_PER_SEC);
  } else if (!json && !all) {
    neo_collector_once(collector, NEO_STATUS_SHOWN);
  }
  g_autoptr(NeoStatus) status = neo_collector_take(collector, error);
  if (!status)
    return FALSE;
  if (costly)
    neo_status_unseen(status, "rates, which need two looks at many sockets: neo status --seconds=1");
  g_autofree char *text = render(status, json, prometheus, all);
  if (output)
    return replace(output, text, error);
  fputs(text, stdout);
  return TRUE;
}
