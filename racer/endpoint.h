/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

#include "common/address.h"
#include "common/config.h"

/** Where a connection can be opened to: an address or a name, and a port. Shared between threads by reference. */
typedef struct {
  gatomicrefcount references;
  char *text;         /**< as the user wrote it */
  char *host;         /**< a name to be resolved; NULL if @address is set */
  NeoAddress address; /**< family AF_UNSPEC if @host is set */
  guint16 port;       /**< host byte order */
  gint won, failed;   /**< races won, connection attempts failed; atomic */
} RacerEndpoint;

/**
 * Reads "ADDRESS:PORT", "[IPV6]:PORT" or "NAME:PORT". Returns NULL with @problem filled if @text is anything else.
 * Pure: resolves nothing.
 */
RacerEndpoint *racer_endpoint_parse(const char *text, NeoConfigProblem *problem);

RacerEndpoint *racer_endpoint_ref(RacerEndpoint *endpoint);
void racer_endpoint_unref(RacerEndpoint *endpoint);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RacerEndpoint, racer_endpoint_unref)
