/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which subflows are closed because they fell silent. */
#include "paths/pm-silence.h"

#include <stdio.h>

/*
 * A look is a list of subflows, each "NAME IN-FLIGHT ACK SENT [RTT DEVIATION]": segments, milliseconds since the last acknowledgement, and
 * since data was sent; round trip 20 ms and deviation 5 ms if not given. NAME is the connection's number and a letter; "~" after it: still
 * joining; "+" after it: more is acknowledged than at the look before; "=" after it: that too, and the peer has hardly room for more; "*" after it: a
 * timeout has come. Looks are 50 ms apart.
 */
#define LOOKS 4

typedef struct {
  const char *name;
  const char *looks[LOOKS];
  const char *closed; /* by the last of the looks, in order */
} Row;

static const Row rows[] = {
  { "nothing in flight", { "1a 0 900 900, 1b 5 1 1", "1a 0 950 950, 1b 5 1 1" }, "" },
  { "all get on", { "1a 5 10 1, 1b 5 1 1", "1a+ 5 10 1, 1b+ 5 1 1" }, "" },
  { "silent", { "1a* 5 240 240, 1b 5 1 1", "1a* 5 290 290, 1b+ 5 1 1" }, "1a" },
  { "a timeout has not come yet", { "1a 5 240 240, 1b 5 1 1", "1a 5 290 290, 1b+ 5 1 1" }, "" },
  { "sent again at the timeout, just now", { "1a* 5 240 240, 1b 5 1 1", "1a* 5 290 40, 1b+ 5 1 1" }, "" },
  { "and not answered in time", { "1a* 5 240 240, 1b 5 1 1", "1a* 5 290 41, 1b+ 5 1 1" }, "1a" },
  { "one look is not enough", { "1a* 5 900 900, 1b 5 1 1" }, "" },
  { "just under the least time", { "1a* 5 150 150, 1b 5 1 1", "1a* 5 200 200, 1b+ 5 1 1" }, "" },
  { "just over the least time", { "1a* 5 151 151, 1b 5 1 1", "1a* 5 201 201, 1b+ 5 1 1" }, "1a" },
  { "a round trip and four deviations", { "1a* 5 350 350 200 50, 1b 5 1 1", "1a* 5 400 400 200 50, 1b+ 5 1 1" }, "" },
  { "more than that", { "1a* 5 351 351 200 50, 1b 5 1 1", "1a* 5 401 401 200 50, 1b+ 5 1 1" }, "1a" },
  { "idle for long, and sending again", { "1a 1 9000 5, 1b 5 1 1", "1a 1 9050 55, 1b+ 5 1 1" }, "" },
  { "sent again meanwhile", { "1a* 5 100 100, 1b 5 1 1", "1a* 5 150 10, 1b+ 5 1 1", "1a* 5 200 10, 1b+ 5 1 1", "1a* 5 250 60, 1b+ 5 1 1" }, "1a" },
  { "acknowledged meanwhile", { "1a* 5 250 250, 1b 5 1 1", "1a+ 5 300 10, 1b+ 5 1 1" }, "" },
  { "duplicate acknowledgements are no silence", { "1a 5 100 100, 1b 5 1 1", "1a 5 1 150, 1b 5 1 1", "1a 5 1 200, 1b 5 1 1", "1a 5 1 250, 1b 5 1 1" }, "" },
  { "the only one", { "1a* 5 300 300", "1a* 5 350 350" }, "" },
  { "another connection proves nothing", { "1a* 5 300 300, 2a 5 1 1", "1a* 5 350 350, 2a+ 5 1 1" }, "" },
  { "all are silent", { "1a* 5 300 300, 1b 5 300 300", "1a* 5 350 350, 1b 5 350 350" }, "" },
  { "all, the long path's acknowledgements came last", { "1a* 5 240 240, 1b 5 190 190 120 5", "1a* 5 290 290, 1b 5 240 240 120 5" }, "" },
  { "the other is done and was acknowledged later", { "1a* 5 240 240, 1b 0 50 60", "1a* 5 290 290, 1b 0 100 110" }, "1a" },
  { "the other has been idle for longer", { "1a* 5 240 240, 1b 0 400 400", "1a* 5 290 290, 1b 0 450 450" }, "" },
  { "the other is still joining", { "1a* 5 240 240, 1b~ 0 1 1", "1a* 5 290 290, 1b~ 0 1 1" }, "" },
  { "a peer that reads slowly", { "1a* 5 240 240, 1b= 5 1 1", "1a* 5 290 290, 1b= 5 1 1" }, "" },
  { "two of three", { "1a* 5 240 240, 1b 5 1 1, 1c* 5 260 260", "1a* 5 290 290, 1b+ 5 1 1, 1c* 5 310 310" }, "1a 1c" },
  { "in two connections", { "1a* 5 240 240, 2a* 5 240 240, 1b 5 1 1, 2b 5 1 1", "1a* 5 290 290, 2a* 5 290 290, 1b+ 5 1 1, 2b+ 5 1 1" }, "1a 2a" },
};

static guint64 *acked_of(GHashTable *acked, guint64 cookie)
{
  guint64 *value = g_hash_table_lookup(acked, &cookie);

  if (!value) {
    value = g_new0(guint64, 1);
    g_hash_table_insert(acked, g_memdup2(&cookie, sizeof cookie), value);
  }
  return value;
}

static NeoPmSocket read_subflow(const char *text, GHashTable *acked)
{
  NeoPmSocket socket = { .subflow.up = TRUE };
  guint in_flight, ack, sent, rtt = 20, deviation = 5;
  char letter, mark = ' ';
  int length = 0;

  g_assert_cmpint(sscanf(text, "%u%c%c%n", &socket.token, &letter, &mark, &length), ==, 3);
  g_assert_cmpint(sscanf(text + length, "%u %u %u %u %u", &in_flight, &ack, &sent, &rtt, &deviation), >=, 3);
  socket.cookie = socket.token << 8 | letter;
  *acked_of(acked, socket.cookie) += mark == '+' || mark == '=';
  socket.subflow.up = mark != '~';
  socket.sending = (NeoPmSending){ in_flight, ack, sent, rtt * 1000, deviation * 1000, *acked_of(acked, socket.cookie),
                                    mark == '*', mark == '=' ? NEO_PM_WINDOW - 1 : NEO_PM_WINDOW };
  return socket;
}

static GArray *read_look(const char *text, GHashTable *acked)
{
  g_auto(GStrv) parts = g_strsplit(text, ", ", -1);
  GArray *sockets = g_array_new(FALSE, FALSE, sizeof(NeoPmSocket));

  for (guint i = 0; parts[i]; i++) {
    NeoPmSocket socket = read_subflow(parts[i], acked);
    g_array_append_val(sockets, socket);
  }
  return sockets;
}

static void test_judge(gconstpointer data)
{
  const Row *row = data;
  g_autoptr(NeoPmSilence) silence = neo_pm_silence_new();
  g_autoptr(GHashTable) acked = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
  g_autoptr(GString) closed = g_string_new(NULL);

  for (guint i = 0; i < LOOKS && row->looks[i]; i++) {
    g_autoptr(GArray) sockets = read_look(row->looks[i], acked);
    g_autoptr(GArray) condemned = neo_pm_silence_judge(silence, sockets, i * 50 * G_TIME_SPAN_MILLISECOND);
    g_string_truncate(closed, 0);
    for (guint k = 0; k < condemned->len; k++) {
      const NeoPmSocket *socket = &g_array_index(condemned, NeoPmSocket, k);
      g_string_append_printf(closed, "%s%u%c", k ? " " : "", socket->token, (char)socket->cookie);
    }
  }
  g_assert_cmpstr(closed->str, ==, row->closed);
}

static NeoPmSocket connection(guint32 token, guint joins, gboolean pending, guint64 una)
{
  return (NeoPmSocket){ .connection = TRUE, .token = token, .joins = joins, .pending = pending, .una = una };
}

static NeoPmActivity look(NeoPmSilence *silence, NeoPmSocket a, NeoPmSocket b)
{
  g_autoptr(GArray) sockets = g_array_new(FALSE, FALSE, sizeof(NeoPmSocket));

  g_array_append_val(sockets, a);
  g_array_append_val(sockets, b);
  return neo_pm_silence_look(silence, sockets);
}

static void test_look(void)
{
  g_autoptr(NeoPmSilence) silence = neo_pm_silence_new();
  NeoPmSocket alone = connection(1, 0, TRUE, 5), idle = connection(2, 3, FALSE, 5);

  g_assert_cmpint(look(silence, alone, alone), ==, NEO_PM_ALONE);
  g_assert_cmpint(look(silence, alone, alone), ==, NEO_PM_ALONE);
  g_assert_cmpint(look(silence, alone, idle), ==, NEO_PM_IDLE);
  g_assert_cmpint(look(silence, idle, connection(3, 1, TRUE, 5)), ==, NEO_PM_BUSY);
  g_assert_cmpint(look(silence, idle, connection(3, 1, TRUE, 6)), ==, NEO_PM_BUSY);
  g_assert_cmpint(look(silence, idle, connection(3, 1, TRUE, 6)), ==, NEO_PM_STUCK);
  /* Another connection, which happens to wait for the same byte. */
  g_assert_cmpint(look(silence, idle, connection(4, 1, TRUE, 6)), ==, NEO_PM_BUSY);
  g_assert_cmpint(look(silence, connection(4, 1, TRUE, 6), idle), ==, NEO_PM_STUCK);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autofree char *path = g_strdup_printf("/pm/silence/%s", rows[i].name);
    g_test_add_data_func(path, &rows[i], test_judge);
  }
  g_test_add_func("/pm/silence/look", test_look);
  return g_test_run();
}
