/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib/gstdio.h>
#include <unistd.h>

#include "nm-dispatcher/event.h"

typedef struct {
  const char *interface, *action;
  const char *profile; /* its text, NULL: no file */
  gboolean handled;
  NeoRequestKind kind;
  gboolean followed;
  const char *complaint; /* without the file's name */
} Row;

#define PROFILE "[connection]\nid=neo1\n\n[ipv4]\nroute-table=1001\n\n"

static const Row rows[] = {
  { "neo1", "up", NULL, TRUE, NEO_REQUEST_CLEAR, TRUE },
  { "neo1", "up", PROFILE, TRUE, NEO_REQUEST_CLEAR, TRUE },
  { "neo1", "down", PROFILE, TRUE, NEO_REQUEST_CLEAR, FALSE },
  { "neo1", "pre-down", PROFILE, TRUE, NEO_REQUEST_GOING, FALSE },
  { "neo1", "dhcp4-change", PROFILE, TRUE, NEO_REQUEST_CLEAR, FALSE },
  { "neo1", "dhcp6-change", PROFILE, TRUE, NEO_REQUEST_CLEAR, TRUE },
  { "neo1", "reapply", PROFILE, TRUE, NEO_REQUEST_CLEAR, TRUE },
  { "", "connectivity-change", NULL, TRUE, NEO_REQUEST_NONE, FALSE },
  { "none", "up", NULL, TRUE, NEO_REQUEST_NONE, FALSE },
  { "none", "hostname", NULL, FALSE },
  { "tun0", "vpn-up", NULL, FALSE },
  { "tun0", "vpn-pre-down", NULL, FALSE },
  { "tun0", "vpn-down", NULL, FALSE },
  { "neo1", "pre-up", NULL, FALSE },
  { "neo1", "device-add", NULL, FALSE },
  { "neo1", "", NULL, FALSE },
  { "neo1", "up", PROFILE "[user]\nneo.path=no\n", TRUE, NEO_REQUEST_ALONE, TRUE },
  { "neo1", "up", PROFILE "[user]\nneo.path=yes\n", TRUE, NEO_REQUEST_CLEAR, TRUE },
  { "neo1", "up", PROFILE "[user]\norg.other=no\nneo.path=no\n", TRUE, NEO_REQUEST_ALONE, TRUE },
  { "neo1", "up", PROFILE "[other]\nneo.path=no\n", TRUE, NEO_REQUEST_CLEAR, TRUE },
  { "neo1", "down", PROFILE "[user]\nneo.path=no\n", TRUE, NEO_REQUEST_CLEAR, FALSE },
  { "neo1", "pre-down", PROFILE "[user]\nneo.path=no\n", TRUE, NEO_REQUEST_GOING, FALSE },
  { "neo1", "up", PROFILE "[user]\nneo.path=maybe\n", TRUE, NEO_REQUEST_CLEAR, TRUE,
    ":8: neo.path: not a boolean \"maybe\"; expected yes or no" },
  { "neo1", "up", PROFILE "[user]\nneo.way=no\n", TRUE, NEO_REQUEST_CLEAR, TRUE,
    ":8: neo.way: unknown key; expected one of neo.path" },
};

static char *write_profile(const char *text)
{
  g_autoptr(GError) error = NULL;
  char *path = NULL;
  int fd = g_file_open_tmp("neo-profile-XXXXXX", &path, &error);

  g_assert_no_error(error);
  close(fd);
  g_assert_true(g_file_set_contents(path, text, -1, NULL));
  return path;
}

static void test_row(gconstpointer data)
{
  const Row *row = data;
  g_autofree char *path = row->profile ? write_profile(row->profile) : NULL;
  NeoEvent event = { row->interface, row->action, path };
  g_autoptr(GError) complaint = NULL;
  NeoRequest request = { 0 };

  g_assert_cmpint(neo_event_request(&event, &request, &complaint), ==, row->handled);
  g_assert_cmpint(request.kind, ==, row->kind);
  g_assert_cmpint(neo_event_is_followed(&event), ==, row->followed && row->handled);
  if (row->complaint) {
    g_autofree char *expected = g_strconcat(path, row->complaint, NULL);
    g_assert_nonnull(complaint);
    g_assert_cmpstr(complaint->message, ==, expected);
  } else {
    g_assert_no_error(complaint);
  }
  if (path)
    g_unlink(path);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autofree char *path = g_strdup_printf("/paths/event/%u-%s", i, *rows[i].action ? rows[i].action : "none");
    g_test_add_data_func(path, &rows[i], test_row);
  }
  return g_test_run();
}
