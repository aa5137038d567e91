/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/** What is probed. Names are looked up. */
typedef struct {
  const char *proxy; /**< ADDRESS, [ADDRESS] or NAME, with :PORT (443 without) */
  const char *via;   /**< the relay's address or name; its port is the proxy's */
  const char *from;  /**< the own address, or NULL */
  gboolean json;
} NeoRelayProbe;

/**
 * Makes real connections to the proxy and the relay, waits until this host's kernel joins through the relay, and prints each step on
 * standard output. *@ret_well is whether all went well. FALSE and an error (NEO_ERROR_USAGE, NEO_ERROR_UNSUPPORTED, or of the resolver)
 * when it could not even begin.
 */
gboolean neo_relay_probe(const NeoRelayProbe *probe, gboolean *ret_well, GError **error);
