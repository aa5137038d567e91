/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "cli/status-connections.h"
#include "cli/units.h"

/*
 * The roles besides the gateway. Each part is left out where this host has none of it; what a user may not see is noted in
 * status->unseen. @units is NULL where systemd does not answer.
 */

void neo_status_collect_relays(NeoStatus *status, const NeoUnits *units);
void neo_status_collect_proxies(NeoStatus *status, const NeoUnits *units);

/** Adds the addresses of racers' endpoints to @routes as well. */
void neo_status_collect_racers(NeoStatus *status, const NeoUnits *units, NeoRoutes *routes);

/** The names NAME of the files DIRECTORY/NAME.conf and of the units PREFIX@NAME, sorted: char *, owned by the caller. */
GPtrArray *neo_status_names(const char *directory, const char *prefix, const NeoUnits *units);

/**
 * Reads the status line of a racer (neo-racer(8)): "3 open; won: px:443 12 (31240 us), ra:443 0; failed 0", with how long the last connect took.
 * FALSE, with nothing written, if it is none. Pure.
 */
gboolean neo_status_parse_racer(const char *text, NeoStatusRacer *racer);

/** Fills in @relay from all rules of this host (NeoRuleCounter). Pure. */
void neo_status_take_rules(NeoStatusRelay *relay, const GArray *counters);
