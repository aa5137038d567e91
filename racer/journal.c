/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "racer/journal.h"

void racer_journal_won(const RacerResult *result)
{
  if (g_log_writer_default_would_drop(G_LOG_LEVEL_DEBUG, G_LOG_DOMAIN))
    return;
  g_autofree char *usec = g_strdup_printf("%u", result->connect_usec);
  g_log_structured(G_LOG_DOMAIN, G_LOG_LEVEL_DEBUG,
                   "NEO_ENDPOINT", result->endpoint->text,
                   "NEO_CONNECT_USEC", usec,
                   "NEO_MPTCP", result->mptcp ? "yes" : "no",
                   "MESSAGE", "%s won in %s us (%s)", result->endpoint->text, usec, result->mptcp ? "MPTCP" : "TCP");
}

void racer_journal_lost(char *const *failures)
{
  g_autofree char *all = g_strjoinv("; ", (char **)failures);
  g_autofree char *message = g_strdup_printf("no endpoint could be reached: %s", all);
  g_autoptr(GArray) fields = g_array_new(FALSE, FALSE, sizeof(GLogField));
  GLogField head[] = { { "MESSAGE", message, -1 }, { "PRIORITY", "4", -1 }, { "GLIB_DOMAIN", G_LOG_DOMAIN, -1 } };

  g_array_append_vals(fields, head, G_N_ELEMENTS(head));
  for (; *failures; failures++) {
    GLogField field = { "NEO_FAILURE", *failures, -1 };
    g_array_append_val(fields, field);
  }
  g_log_structured_array(G_LOG_LEVEL_WARNING, (const GLogField *)fields->data, fields->len);
}
