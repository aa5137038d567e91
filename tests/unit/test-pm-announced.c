/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "paths/pm-announced.h"

static NeoAddress address(const char *text)
{
  NeoAddress parsed;
  g_assert_true(neo_address_parse(text, &parsed));
  return parsed;
}

static void add_signal(GArray *signals, const char *text, guint8 id)
{
  NeoPmRemote signal = { .address = address(text), .id = id };
  g_array_append_val(signals, signal);
}

static void add_mark(GArray *marked, const char *text, guint8 protocol)
{
  NeoPmMarked mark = { address(text), protocol };
  g_array_append_val(marked, mark);
}

static void signal_is(const GArray *signals, guint i, const char *text, guint8 id, gboolean backup)
{
  const NeoPmRemote *signal = &g_array_index(signals, NeoPmRemote, i);
  g_autofree char *got = neo_address_to_string(&signal->address);

  g_assert_cmpstr(got, ==, text);
  g_assert_cmpuint(signal->id, ==, id);
  g_assert_cmpint(signal->backup, ==, backup);
}

/* Addresses that neo-netns marks have ids of their own, which they keep. */
static void test_marked(void)
{
  g_autoptr(GArray) before = g_array_new(FALSE, FALSE, sizeof(NeoPmRemote)), signals = g_array_new(FALSE, FALSE, sizeof(NeoPmRemote)),
                    marked = g_array_new(FALSE, FALSE, sizeof(NeoPmMarked));

  add_signal(before, "192.0.2.11", 254);
  add_signal(before, "192.0.2.12", 253);
  add_signal(signals, "192.0.2.1", 255);
  add_signal(signals, "192.0.2.13", 3);
  add_signal(signals, "192.0.2.14", 4);
  add_mark(marked, "192.0.2.14", NEO_IFAPROT_WITHHELD);
  add_mark(marked, "192.0.2.13", NEO_IFAPROT_ANNOUNCED);
  add_mark(marked, "192.0.2.12", NEO_IFAPROT_BACKUP);
  add_mark(marked, "2001:db8::1", NEO_IFAPROT_ANNOUNCED);
  neo_pm_apply_marked(signals, marked, before);
  g_assert_cmpuint(signals->len, ==, 4);
  signal_is(signals, 0, "192.0.2.1", 255, FALSE);
  signal_is(signals, 1, "192.0.2.13", 252, FALSE);
  signal_is(signals, 2, "192.0.2.12", 253, TRUE);
  signal_is(signals, 3, "2001:db8::1", 251, FALSE);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/pm/announced", test_marked);
  return g_test_run();
}
