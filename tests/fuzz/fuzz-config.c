/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stddef.h>
#include <stdint.h>

#include "tests/fuzz/fuzz.h"
#include "tests/unit/config-sample.h"

static void parse(const char *text, gboolean foreign)
{
  const NeoConfigSchema schema = { "Sample", sample_keys, .foreign_sections = foreign };
  g_auto(Sample) sample = { 0 };
  g_autoptr(GError) error = NULL;

  gboolean good = neo_config_parse("f", text, &schema, &sample, &error);
  g_assert_cmpint(good, ==, error == NULL);
  g_assert_true(!good || (sample.count <= 250 && sample.mode < 3));
  g_assert_true(good || g_utf8_validate(error->message, -1, NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  g_autofree char *text = g_strndup((const char *)data, size);

  parse(text, FALSE);
  parse(text, TRUE);
  return 0;
}
