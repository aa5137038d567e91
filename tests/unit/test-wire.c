/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "tests/lab/wire-ring.h"
#include "tests/lab/wire-settings.h"
#include "tests/lab/wire-shaper.h"

#define MS 1000000ULL

/* What the line does to a frame of 1000 bytes that comes at @at_ms: microseconds until it is due, or -1 lost, -2 full.
 */
static gint64 accept_us(Shaper *shaper, const Settings *settings, guint64 at_ms)
{
  guint64 due;

  switch (shaper_accept(shaper, settings, 8000, at_ms * MS, &due)) {
  case SHAPER_LOST:
    return -1;
  case SHAPER_FULL:
    return -2;
  default:
    return ((gint64)due - (gint64)(at_ms * MS)) / 1000;
  }
}

static void test_delay(void)
{
  Settings settings = { .delay_ns = 15 * MS };
  Shaper shaper = { .random = 1 };

  g_assert_cmpint(accept_us(&shaper, &settings, 100), ==, 15000);
  g_assert_cmpint(accept_us(&shaper, &settings, 101), ==, 15000);
}

static void test_delay_never_reorders(void)
{
  Settings settings = { .delay_ns = 15 * MS };
  Shaper shaper = { .random = 1 };

  g_assert_cmpint(accept_us(&shaper, &settings, 100), ==, 15000);
  settings.delay_ns = 0;
  g_assert_cmpint(accept_us(&shaper, &settings, 105), ==, 10000);
  g_assert_cmpint(accept_us(&shaper, &settings, 115), ==, 0);
}

static void test_rate(void)
{
  Settings settings = { .rate_bps = 8000000, .queue_ns = 2 * MS, .delay_ns = 5 * MS };
  Shaper shaper = { .random = 1 };

  g_assert_cmpint(accept_us(&shaper, &settings, 100), ==, 6000);
  g_assert_cmpint(accept_us(&shaper, &settings, 100), ==, 7000);
  g_assert_cmpint(accept_us(&shaper, &settings, 100), ==, 8000);
  g_assert_cmpint(accept_us(&shaper, &settings, 100), ==, -2);
  g_assert_cmpint(accept_us(&shaper, &settings, 101), ==, 8000);
  g_assert_cmpint(accept_us(&shaper, &settings, 200), ==, 6000);
}

static void test_loss(void)
{
  Settings settings = { .loss_ppb = NSEC_PER_SEC / 10 };
  Shaper shaper = { .random = 12345 };
  int lost = 0;

  for (int i = 0; i < 10000; i++)
    lost += accept_us(&shaper, &settings, 1) == -1;
  g_assert_cmpint(lost, >, 850);
  g_assert_cmpint(lost, <, 1150);
  settings.loss_ppb = 0;
  settings.cut = 1;
  g_assert_cmpint(accept_us(&shaper, &settings, 2), ==, -1);
}

static void test_jitter(void)
{
  Settings settings = { .delay_ns = 15 * MS, .jitter_ns = 3 * MS };
  Shaper shaper = { .random = 99 };
  gint64 least = G_MAXINT64, most = 0, sum = 0;

  for (guint64 i = 0; i < 1000; i++) {
    gint64 delay = accept_us(&shaper, &settings, i * 20);

    g_assert_cmpint(accept_us(&shaper, &settings, i * 20), ==, delay);
    least = MIN(least, delay);
    most = MAX(most, delay);
    sum += delay;
  }
  g_assert_cmpint(least, >=, 12000);
  g_assert_cmpint(least, <, 12200);
  g_assert_cmpint(most, <=, 18000);
  g_assert_cmpint(most, >, 17800);
  g_assert_cmpint(sum / 1000, >, 14700);
  g_assert_cmpint(sum / 1000, <, 15300);
}

static void put(Frame *frame, guint32 number, guint32 length)
{
  frame->length = length;
  frame->due_ns = number;
  memset(frame->data, (int)(number & 0xff), length);
}

static guint32 length_of(guint32 number)
{
  return 60 + number * 7919 % (guint32)(FRAME_MAX - 60);
}

static void check_first(const Ring *ring, guint32 number)
{
  const Frame *first = ring_first(ring);

  g_assert_nonnull(first);
  g_assert_cmpuint(first->due_ns, ==, number);
  g_assert_cmpuint(first->length, ==, length_of(number));
  for (guint32 i = 0; i < first->length; i++)
    g_assert_cmpuint(first->data[i], ==, number & 0xff);
}

/* Frames of many sizes come out as they went in, over many turns of a ring that is full each time. */
static void test_ring(void)
{
  guint32 in = 0, out = 0;
  Ring ring;

  g_assert_true(ring_init(&ring, 300000));
  g_assert_null(ring_first(&ring));
  for (guint32 turn = 0; turn < 1000; turn++) {
    for (Frame *room; (room = ring_room(&ring)); in++) {
      put(room, in, length_of(in));
      ring_push(&ring, room);
    }
    g_assert_cmpuint(in, >, out);
    for (guint32 n = turn % 10; n > 0 && out < in; n--, out++) {
      check_first(&ring, out);
      ring_pop(&ring);
    }
  }
  g_assert_cmpuint(out, >, 3000);
  munmap(ring.bytes, ring.size);
}

static void test_line_bits(void)
{
  struct virtio_net_hdr header = { .gso_type = VIRTIO_NET_HDR_GSO_TCPV4, .hdr_len = 54, .gso_size = 1000 };
  g_autofree Frame *frame = g_malloc0(sizeof(Frame) + 4096);

  frame->length = (uint32_t)sizeof(header) + 1514;
  g_assert_cmpuint(frame_line_bits(frame), ==, 1514 * 8);
  memcpy(frame->data, &header, sizeof(header));
  frame->length = (uint32_t)sizeof(header) + 54 + 3000;
  g_assert_cmpuint(frame_line_bits(frame), ==, 3 * 1054 * 8);
  frame->length++;
  g_assert_cmpuint(frame_line_bits(frame), ==, (3 * 1054 + 55) * 8);
}

/* The settings after the words, or what is wrong with them. */
static char *apply(const char *words)
{
  Settings settings = { .queue_ns = 100 * MS };
  g_autofree char *line = g_strdup(words);
  char *text = NULL;
  size_t size;
  FILE *reply = open_memstream(&text, &size);

  if (settings_apply(&settings, line, reply))
    settings_print(&settings, reply);
  fclose(reply);
  return text;
}

static void test_settings(void)
{
  static const struct {
    const char *words, *expected;
  } cases[] = {
    { "", "delay=0ms jitter=0ms loss=0% rate=0mbit queue=100ms cut=0\n" },
    { "delay=1.5ms jitter=20us loss=0.5% rate=1gbit queue=1s cut=1",
      "delay=1.5ms jitter=0.02ms loss=0.5% rate=1000mbit queue=1000ms cut=1\n" },
    { "delay=10s loss=100%\n", "delay=10000ms jitter=0ms loss=100% rate=0mbit queue=100ms cut=0\n" },
    { "delay=11s", "error: delay: \"11s\" is not a time up to 10s, such as 15ms\n" },
    { "delay=5", "error: delay: \"5\" is not a time up to 10s, such as 15ms\n" },
    { "delay=-1ms", "error: delay: \"-1ms\" is not a time up to 10s, such as 15ms\n" },
    { "loss=101%", "error: loss: \"101%\" is not a share up to 100%, such as 0.5%\n" },
    { "cut=2", "error: cut: \"2\" is not 0 or 1\n" },
    { "delay", "error: \"delay\" is not a setting; settings are delay= jitter= loss= rate= queue= cut=\n" },
    { "cut=1 speed=1mbit rate=fast",
      "error: \"speed\" is not a setting; settings are delay= jitter= loss= rate= queue= cut=\n"
      "error: rate: \"fast\" is not a rate up to 100gbit, such as 50mbit, or 0\n" },
  };

  for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
    char *text = apply(cases[i].words);

    g_assert_cmpstr(text, ==, cases[i].expected);
    free(text);
  }
}

static void test_settings_nothing_half_applied(void)
{
  Settings settings = { .delay_ns = 7 };
  char line[] = "delay=1ms cut=3";
  FILE *reply = tmpfile();

  g_assert_false(settings_apply(&settings, line, reply));
  g_assert_cmpuint(settings.delay_ns, ==, 7);
  fclose(reply);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/wire/shaper/delay", test_delay);
  g_test_add_func("/wire/shaper/delay-never-reorders", test_delay_never_reorders);
  g_test_add_func("/wire/shaper/rate", test_rate);
  g_test_add_func("/wire/shaper/loss", test_loss);
  g_test_add_func("/wire/shaper/jitter", test_jitter);
  g_test_add_func("/wire/ring", test_ring);
  g_test_add_func("/wire/line-bits", test_line_bits);
  g_test_add_func("/wire/settings", test_settings);
  g_test_add_func("/wire/settings/nothing-half-applied", test_settings_nothing_half_applied);
  return g_test_run();
}
