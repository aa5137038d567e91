/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/** One SRV record (RFC 2782). */
typedef struct {
  guint16 priority, weight, port;
  char *target; /**< a host name without the dot at its end */
} RacerSrv;

/** Whether @text is a name that SRV records can have: _SERVICE._PROTOCOL.DOMAIN. */
gboolean racer_srv_is_name(const char *text);

/**
 * Reads what g_resolver_lookup_records() brought for SRV: a list of "(qqqs)". Returns an array of RacerSrv, sorted, each once;
 * empty where the answer is that the service is not to be had there (target "."). The array owns its records.
 */
GArray *racer_srv_read(const GList *records);
gboolean racer_srv_equal(const GArray *a, const GArray *b);
