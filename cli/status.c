/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "cli/arguments.h"
#include "cli/status-collect.h"
#include "cli/status-render.h"
#include "cli/terminal.h"

/* Long enough for some packets of a slow path, short enough that nobody waits. */
#define DEFAULT_SECONDS 0.02

gboolean neo_status_main(const NeoVerb *verb, int argc, char **argv, GError **error)
{
  gboolean json = FALSE, all = FALSE;
  double seconds = DEFAULT_SECONDS;
  const GOptionEntry entries[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &json, "Prints JSON", NULL },
    { "all", 0, 0, G_OPTION_ARG_NONE, &all, "Shows each connection", NULL },
    { "seconds", 0, 0, G_OPTION_ARG_DOUBLE, &seconds, "Measures rates for so long; 0: not at all (0.02)", "NUMBER" },
    { NULL },
  };

  if (!neo_arguments_parse(verb, entries, argc, argv, error))
    return FALSE;
  if (!(seconds >= 0 && seconds <= 3600))
    return neo_arguments_refuse(error, "--seconds: not in range; expected 0 to 3600");
  g_autoptr(NeoCollector) collector = neo_collector_new(error);
  if (!collector)
    return FALSE;
  if (seconds > 0) {
    neo_collector_prime(collector);
    g_usleep(seconds * G_USEC_PER_SEC);
  }
  g_autoptr(NeoStatus) status = neo_collector_take(collector, error);
  if (!status)
    return FALSE;
  g_autofree char *text = json ? neo_status_to_json(status) : neo_status_to_text(status, neo_terminal_width(), all);
  fputs(text, stdout);
  return TRUE;
}
