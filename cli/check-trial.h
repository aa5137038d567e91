/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <net/if.h>

#include "cli/check-way.h"
#include "common/probe-socket.h"

/** A join by a relay, asked for with one SYN. */
typedef struct {
  NeoAddress relay;
  NeoCheckJoin join;
} NeoTrialJoin;

/** A real connection from one path to the proxy, directly or begun at a relay. The first members say what to try, the others what came of it. */
typedef struct {
  char interface[IFNAMSIZ];
  NeoAddress from;      /**< family AF_UNSPEC: as the main table says */
  NeoAddress to;        /**< the proxy */
  NeoAddress relay;     /**< family AF_UNSPEC: directly */
  guint16 port;
  const GArray *relays; /**< NeoAddress, the caller's: to be joined by */
  NeoProbeAnswer answer;
  int errnum;           /**< with NEO_PROBE_ERROR */
  gboolean plain;       /**< what is silent for Multipath TCP answers plain TCP */
  gboolean mptcp;       /**< when it was connected, */
  gboolean kept;        /**< and after data */
  gint64 took_us;
  guint out, in;        /**< bytes acknowledged, received */
  NeoCheckWhere where;  /**< where the option is lost; not looked for where all is well */
  guint mtu;            /**< of the interface; 0: not measured */
  guint passes;         /**< packets of so many bytes, without being cut; 0: no answer even to small ones */
  GArray *joined;       /**< NeoAddress: relays through which the kernel's own join was accepted */
  GArray *joins;        /**< NeoTrialJoin */
} NeoTrial;

/** So many bytes are sent. */
enum { NEO_TRIAL_BYTES = 4 };

/** @interface: "main" without a path. */
NeoTrial *neo_trial_new(const char *interface, const NeoAddress *from, const NeoAddress *to, guint16 port, const GArray *relays);
void neo_trial_free(NeoTrial *trial);

/** Makes the connection and tries all that can be tried with it. Takes ten seconds or more where nothing answers. Any thread. */
void neo_trial_run(NeoTrial *trial);
