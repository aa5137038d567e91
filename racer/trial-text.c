/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "racer/trial.h"

static const char *remark(const RacerTrial *trial)
{
  if (trial->failure)
    return trial->failure;
  return trial->winner ? "winner" : "";
}

char *racer_trial_table(const GArray *trials)
{
  GString *text = g_string_new(NULL);
  int width = strlen("ENDPOINT");

  for (guint i = 0; i < trials->len; i++)
    width = MAX(width, (int)strlen(g_array_index(trials, RacerTrial, i).endpoint));
  g_string_append_printf(text, "%-*s  %-39s  %10s  %-5s\n", width, "ENDPOINT", "ADDRESS", "CONNECT ms", "MPTCP");
  for (guint i = 0; i < trials->len; i++) {
    const RacerTrial *trial = &g_array_index(trials, RacerTrial, i);
    g_autofree char *time = trial->failure ? g_strdup("-") : g_strdup_printf("%.3f", trial->connect_usec / 1000.0);
    g_string_append_printf(text, "%-*s  %-39s  %10s  %-5s  %s\n", width, trial->endpoint, trial->address ? trial->address : "-",
                           time, trial->failure ? "-" : trial->mptcp ? "yes" : "no", remark(trial));
  }
  return g_string_free(text, FALSE);
}

/* Endpoints, addresses and messages are text without control characters, so these two suffice (RFC 8259, 7). */
static void append_string(GString *text, const char *key, const char *value)
{
  g_string_append_printf(text, "\"%s\":", key);
  if (!value) {
    g_string_append(text, "null");
    return;
  }
  g_string_append_c(text, '"');
  for (; *value; value++) {
    if (*value == '"' || *value == '\\')
      g_string_append_c(text, '\\');
    g_string_append_c(text, *value);
  }
  g_string_append_c(text, '"');
}

static void append_trial(GString *text, const RacerTrial *trial)
{
  g_string_append_c(text, '{');
  append_string(text, "endpoint", trial->endpoint);
  g_string_append_c(text, ',');
  append_string(text, "address", trial->address);
  if (trial->failure)
    g_string_append(text, ",\"connect_ms\":null");
  else
    g_string_append_printf(text, ",\"connect_ms\":%u.%03u", trial->connect_usec / 1000, trial->connect_usec % 1000);
  g_string_append_printf(text, ",\"mptcp\":%s,\"winner\":%s,", trial->mptcp ? "true" : "false", trial->winner ? "true" : "false");
  append_string(text, "failure", trial->failure);
  g_string_append_c(text, '}');
}

char *racer_trial_json(const GArray *trials)
{
  GString *text = g_string_new("[");

  for (guint i = 0; i < trials->len; i++) {
    g_string_append(text, i ? ",\n " : "");
    append_trial(text, &g_array_index(trials, RacerTrial, i));
  }
  g_string_append(text, "]\n");
  return g_string_free(text, FALSE);
}
