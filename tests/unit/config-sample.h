/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "common/config.h"

/** A field for each type of value that common/config.h reads. */
typedef struct {
  gboolean on;
  guint count, mode, timeout;
  char *name;
  NeoAddress address;
  NeoPrefix subnet;
  GArray *addresses, *ports;
  GPtrArray *names;
} Sample;

static const char *const sample_modes[] = { "mptcp", "join", "tcp", NULL };

static const NeoConfigKey sample_keys[] = {
  { "On", neo_config_bool, offsetof(Sample, on) },
  { "Count", neo_config_uint, offsetof(Sample, count), .min = 1, .max = 250 },
  { "Mode", neo_config_enum, offsetof(Sample, mode), .data = sample_modes },
  { "Timeout", neo_config_milliseconds, offsetof(Sample, timeout) },
  { "Name", neo_config_string, offsetof(Sample, name) },
  { "Address", neo_config_address, offsetof(Sample, address) },
  { "Subnet", neo_config_prefix, offsetof(Sample, subnet) },
  { "Addresses", neo_config_addresses, offsetof(Sample, addresses), NEO_CONFIG_LIST },
  { "Ports", neo_config_ports, offsetof(Sample, ports), NEO_CONFIG_LIST },
  { "Names", neo_config_strings, offsetof(Sample, names), NEO_CONFIG_LIST },
  { NULL },
};

static void sample_clear(Sample *sample)
{
  g_free(sample->name);
  g_clear_pointer(&sample->addresses, g_array_unref);
  g_clear_pointer(&sample->ports, g_array_unref);
  g_clear_pointer(&sample->names, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Sample, sample_clear)
