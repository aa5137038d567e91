/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stddef.h>
#include <stdint.h>

#include "common/config.h"
#include "tests/fuzz/fuzz.h"

typedef struct {
  gboolean on;
  guint count, mode, timeout;
  char *name;
  NeoAddress address;
  NeoPrefix subnet;
  GArray *addresses, *ports;
  GPtrArray *names;
} Sample;

static const char *const modes[] = { "mptcp", "join", "tcp", NULL };

static const NeoConfigKey keys[] = {
  { "On", neo_config_bool, offsetof(Sample, on) },
  { "Count", neo_config_uint, offsetof(Sample, count), .min = 1, .max = 250 },
  { "Mode", neo_config_enum, offsetof(Sample, mode), .data = modes },
  { "Timeout", neo_config_milliseconds, offsetof(Sample, timeout) },
  { "Name", neo_config_string, offsetof(Sample, name) },
  { "Address", neo_config_address, offsetof(Sample, address) },
  { "Subnet", neo_config_prefix, offsetof(Sample, subnet) },
  { "Addresses", neo_config_addresses, offsetof(Sample, addresses), NEO_CONFIG_LIST },
  { "Ports", neo_config_ports, offsetof(Sample, ports), NEO_CONFIG_LIST },
  { "Names", neo_config_strings, offsetof(Sample, names), NEO_CONFIG_LIST },
  { NULL },
};

static void parse(const char *text, gboolean foreign)
{
  const NeoConfigSchema schema = { "Sample", keys, .foreign_sections = foreign };
  Sample sample = { 0 };
  g_autoptr(GError) error = NULL;

  gboolean good = neo_config_parse("f", text, &schema, &sample, &error);
  g_assert_cmpint(good, ==, error == NULL);
  g_assert_true(!good || (sample.count <= 250 && sample.mode < 3));
  g_assert_true(good || g_utf8_validate(error->message, -1, NULL));
  g_free(sample.name);
  g_clear_pointer(&sample.addresses, g_array_unref);
  g_clear_pointer(&sample.ports, g_array_unref);
  g_clear_pointer(&sample.names, g_ptr_array_unref);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  g_autofree char *text = g_strndup((const char *)data, size);

  parse(text, FALSE);
  parse(text, TRUE);
  return 0;
}
