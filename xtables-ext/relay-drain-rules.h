/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

#include "common/address.h"

/** Where a relay takes connections: one of its addresses and one port of it. */
typedef struct {
  NeoAddress listen;
  guint16 port; /**< host byte order */
} NeoRelayDoor;

/** The mark (SO_MARK, socket(7)) of packets that connection tracking is to pass over while a relay is drained. */
#define NEO_RELAY_DRAIN_MARK 0x4e656f

/** Adds the doors of @rules (neo_relay_rules()) for the relay @name to @doors, an array of NeoRelayDoor. */
void neo_relay_doors(const char *name, const char *rules, GArray *doors);

/**
 * The rules of the relay @name while it is drained, made from its @rules: nothing is mapped any more, so that a new connection finds
 * a closed port; with @reset, each packet of the connections that stand is answered with a reset to who sent it. The caller owns it.
 */
char *neo_relay_drain_rules(const char *name, const char *rules, gboolean reset);
