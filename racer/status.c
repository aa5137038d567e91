/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "racer/status.h"

#include "racer/endpoint.h"

char *racer_status(const GPtrArray *endpoints, guint open, guint failed)
{
  GString *text = g_string_new(NULL);

  g_string_append_printf(text, "%u open; won:", open);
  for (guint i = 0; i < endpoints->len; i++) {
    RacerEndpoint *endpoint = endpoints->pdata[i];
    int usec = g_atomic_int_get(&endpoint->connect_usec);
    g_string_append_printf(text, "%s %s %d", i ? "," : "", endpoint->text, g_atomic_int_get(&endpoint->won));
    if (usec)
      g_string_append_printf(text, " (%d us)", usec);
  }
  g_string_append_printf(text, "; failed %u", failed);
  return g_string_free(text, FALSE);
}
