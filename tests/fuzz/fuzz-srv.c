/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "racer/srv.h"
#include "tests/fuzz/fuzz.h"

static void free_variant(gpointer variant)
{
  g_variant_unref(variant);
}

static guint16 get_number(const uint8_t *bytes)
{
  return bytes[0] << 8 | bytes[1];
}

/* Records of a resolver's answer: priority, weight and port, two bytes each, a byte with the length of the target, the target. */
static GList *make_records(const uint8_t *data, size_t size)
{
  GList *records = NULL;

  while (size >= 7 && (size_t)data[6] + 7 <= size) {
    g_autofree char *bytes = g_strndup((const char *)data + 7, data[6]), *target = g_utf8_make_valid(bytes, -1);
    GVariant *record = g_variant_new("(qqqs)", get_number(data), get_number(data + 2), get_number(data + 4), target);
    records = g_list_prepend(records, g_variant_ref_sink(record));
    size -= 7 + data[6];
    data += 7 + data[6];
  }
  return records;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  GList *records = make_records(data, size);
  g_autoptr(GArray) answer = racer_srv_read(records), again = racer_srv_read(records);

  g_assert_cmpuint(answer->len, <=, g_list_length(records));
  for (guint i = 0; i < answer->len; i++) {
    const RacerSrv *record = &g_array_index(answer, RacerSrv, i), *before = i ? record - 1 : NULL;
    g_assert_true(record->port && *record->target);
    g_assert_true(!before || before->priority <= record->priority);
  }
  g_assert_true(racer_srv_equal(answer, again));
  g_list_free_full(records, free_variant);
  return 0;
}
