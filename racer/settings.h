/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

#include "racer/endpoint.h"

typedef enum { RACER_RACE_ALL, RACER_RACE_STAGGERED } RacerRaceMode;
typedef enum { RACER_MPTCP_NO, RACER_MPTCP_YES, RACER_MPTCP_REQUIRE } RacerMptcp;

/** How connections to endpoints are made. */
typedef struct {
  guint mptcp;              /**< RacerMptcp */
  guint keep_alive;         /**< milliseconds without a byte before a probe; 0: none */
  NeoAddress bind4, bind6;  /**< where they come from, for each family; family AF_UNSPEC: where routing says */
} RacerSocketOptions;

/** What /etc/neo/racer/PORT.conf says; times in milliseconds, 0 = never. */
typedef struct {
  GPtrArray *endpoints; /**< RacerEndpoint, at least one */
  GPtrArray *listen;    /**< RacerEndpoint with addresses; NULL: none */
  RacerSocketOptions sockets;
  guint race;           /**< RacerRaceMode */
  gboolean listen_mptcp;
  gboolean crash_safe;  /**< connections outlive a crash too */
  guint connect_timeout, idle_timeout, remember;
  guint exit_idle_time; /**< 0 as well where only Listen= gives sockets */
  guint drain_time;     /**< how long the end waits for open connections */
  guint max_connections; /**< 0: as many as file descriptors allow */
} RacerSettings;

/** Reads the file @path. NULL with NEO_ERROR_CONFIG if anything in it is wrong. */
RacerSettings *racer_settings_load(const char *path, GError **error);

/** The same for a text; @name stands for the file in messages. */
RacerSettings *racer_settings_parse(const char *name, const char *text, GError **error);

/** The defaults with the endpoints @texts (ended by NULL); NEO_ERROR_USAGE if one is wrong. */
RacerSettings *racer_settings_for_endpoints(char *const *texts, GError **error);

void racer_settings_free(RacerSettings *settings);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RacerSettings, racer_settings_free)
