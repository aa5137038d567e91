/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "common/probe-socket.h"

/*
 * Whether joins through a relay work: one is tried each NEO_CHECK_PERIOD and closed as soon as it is accepted. A relay is well from
 * the first that is accepted until none has been for NEO_CHECK_LIMIT, in which three were tried. Times are monotonic microseconds.
 */
#define NEO_CHECK_PERIOD (1 * G_USEC_PER_SEC)
/* The SYN and, a second later, its retransmission (RFC 6298, 2.1). */
#define NEO_CHECK_PATIENCE (1500 * G_TIME_SPAN_MILLISECOND)
#define NEO_CHECK_LIMIT (3800 * G_TIME_SPAN_MILLISECOND)

typedef struct {
  NeoAddress relay;
  gboolean well;
  gboolean joining; /**< a join was asked for and is not closed */
  gint64 asked_at;  /**< when the last one was; 0: at once */
  gint64 good_at;   /**< when one was accepted last */
} NeoProxyCheck;

typedef enum { NEO_CHECK_WAIT, NEO_CHECK_JOIN, NEO_CHECK_CLOSE } NeoCheckStep;

/** What is to be done at @now, when the kernel says @join of the subflow to the relay. Pure. */
NeoCheckStep neo_proxy_check_turn(NeoProxyCheck *check, const NeoProbeJoin *join, gint64 now);

/**
 * There is a new connection to the proxy, from which nothing was asked yet. @after_gap: there was none for a while, so that the relay
 * cannot be blamed for what was not tried.
 */
void neo_proxy_check_begin(NeoProxyCheck *check, gboolean after_gap, gint64 now);

/** When neo_proxy_check_turn() is to be called again. */
gint64 neo_proxy_check_next(const NeoProxyCheck *check, gint64 now);
