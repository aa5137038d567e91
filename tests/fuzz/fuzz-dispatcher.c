/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib.h>
#include <unistd.h>

#include "nm-dispatcher/event.h"
#include "tests/fuzz/fuzz-file.h"
#include "tests/fuzz/fuzz.h"

/* An input is what NetworkManager says of an event: a line with the interface, one with the action, and the profile's file. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  g_autofree char *text = g_strndup((const char *)data, size), *path = NULL;
  g_auto(GStrv) parts = g_strsplit(text, "\n", 3);
  guint n = g_strv_length(parts);
  const char *profile = n > 2 ? parts[2] : "";
  int file = fuzz_file(profile, strlen(profile), &path);
  NeoEvent event = { n > 0 ? parts[0] : "", n > 1 ? parts[1] : "", n > 2 ? path : NULL };
  g_autoptr(GError) complaint = NULL;
  NeoRequest request = { 0 };

  gboolean handled = neo_event_request(&event, &request, &complaint);
  g_assert_true(handled || !complaint);
  g_assert_true(!handled || request.kind == NEO_REQUEST_NONE || request.interface == event.interface);
  g_assert_true(!complaint || g_utf8_validate(complaint->message, -1, NULL));
  neo_event_is_followed(&event);
  close(file);
  return 0;
}
