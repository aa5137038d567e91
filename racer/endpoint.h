/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

#include "common/address.h"
#include "common/config.h"

/** Where a connection can be opened to: an address or a name, and a port. Shared between threads by reference. */
typedef struct RacerEndpoint RacerEndpoint;
struct RacerEndpoint {
  gatomicrefcount references;
  char *text;         /**< as the user wrote it */
  char *host;         /**< a name to be resolved; NULL if another is set */
  char *srv;          /**< a name whose SRV records say host and port; NULL if another is set */
  NeoAddress address; /**< family AF_UNSPEC if a name is set */
  guint16 port;       /**< host byte order; 0 with @srv */
  NeoAddress bind;    /**< where connections come from; family AF_UNSPEC: Bind= or routing says */
  char *device;       /**< the interface they leave by; NULL: routing says */
  RacerEndpoint *parent; /**< the one with @srv that this came from; NULL: none */
  gint won, failed;   /**< races won, connection attempts failed; atomic */
  gint connect_usec;  /**< how long it took to connect when it last won, 0: never won; atomic */
};

/**
 * Reads "ADDRESS:PORT", "[IPV6]:PORT", "NAME:PORT" or "srv:_SERVICE._PROTOCOL.DOMAIN", each with "@ADDRESS" or "@INTERFACE" behind it to
 * say where connections come from. Returns NULL with @problem filled if @text is anything else. Pure: resolves nothing.
 */
RacerEndpoint *racer_endpoint_parse(const char *text, NeoConfigProblem *problem);

/** The endpoint @host, @port that an SRV record of @parent names. */
RacerEndpoint *racer_endpoint_new_child(RacerEndpoint *parent, const char *host, guint16 port);

/** Whether connections of both come from the same place. */
gboolean racer_endpoint_same_source(const RacerEndpoint *a, const RacerEndpoint *b);

/** Counts a race won, and notes how long it took to connect, for the parent too. Any thread. */
void racer_endpoint_won(RacerEndpoint *endpoint, guint connect_usec);

/** Counts an attempt that failed, for the parent too. Any thread. */
void racer_endpoint_failed(RacerEndpoint *endpoint);

RacerEndpoint *racer_endpoint_ref(RacerEndpoint *endpoint);
void racer_endpoint_unref(RacerEndpoint *endpoint);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RacerEndpoint, racer_endpoint_unref)
