/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

#include "racer/endpoint.h"

typedef enum { RACER_RACE_ALL, RACER_RACE_STAGGERED } RacerRaceMode;
typedef enum { RACER_POLICY_FASTEST, RACER_POLICY_SPREAD } RacerPolicy;
typedef enum { RACER_FAMILY_ANY, RACER_FAMILY_IPV4, RACER_FAMILY_IPV6 } RacerFamily;
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
  guint policy;         /**< RacerPolicy */
  guint family;         /**< RacerFamily: which addresses of names are used */
  guint refresh;        /**< between two look-ups of a name */
  gboolean listen_mptcp;
  gboolean fast_open;   /**< clients may send with their SYN */
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

/** Whether Family= lets addresses of @family (AF_INET, AF_INET6) be used. */
gboolean racer_settings_take_family(const RacerSettings *settings, int family);

void racer_settings_free(RacerSettings *settings);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RacerSettings, racer_settings_free)
