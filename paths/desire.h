/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "paths/conf.h"
#include "paths/model.h"

/** What to do with one interface before the rest. */
typedef enum {
  NEO_REQUEST_NONE,
  NEO_REQUEST_ALONE, /**< the interface is no path, until NEO_REQUEST_CLEAR or until it is deleted */
  NEO_REQUEST_GOING, /**< it is no path, until NEO_REQUEST_CLEAR or until its routes are gone */
  NEO_REQUEST_CLEAR, /**< it is a path if its routes say so */
} NeoRequestKind;

typedef struct {
  NeoRequestKind kind;
  const char *interface; /**< for all kinds but NEO_REQUEST_NONE */
  gboolean remove_all;   /**< desire nothing */
} NeoRequest;

/** An interface and a routing table in which it has the default route of one family. */
typedef struct {
  sa_family_t family;
  int link;
  guint32 table, metric;
} NeoPath;

/** An MPTCP endpoint that should exist. */
typedef struct {
  NeoAddress address;
  int link;
} NeoWantedEndpoint;

/** Neighbour sysctls that an interface should have. */
typedef struct {
  int link;
  NeoSysctls sysctls;
} NeoWantedSysctls;

/** Something about the host that keeps a path from working. */
typedef struct {
  int link; /**< 0: not about one link */
  char *text;
} NeoComplaint;

/** How things should be. */
typedef struct {
  GArray *paths;      /**< NeoPath */
  GArray *rules;      /**< NeoRule */
  GArray *endpoints;  /**< NeoWantedEndpoint: Neo's, that is without those that somebody else made */
  GArray *sysctls;    /**< NeoWantedSysctls, of interfaces that are or were used by a path */
  NeoMptcpLimits limits;
  GArray *complaints; /**< NeoComplaint */
} NeoDesired;

/** Works out how things should be for @seen. Pure. @request may be NULL. */
NeoDesired *neo_desire(const NeoObserved *seen, const NeoPathsConf *conf, const NeoRequest *request);
void neo_desired_free(NeoDesired *desired);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NeoDesired, neo_desired_free)

/** Adds to @complaints. */
void neo_complain(GArray *complaints, int link, const char *format, ...) G_GNUC_PRINTF(3, 4);

/** The default routes in a path table that make paths, one for each interface and family; see neo-pathd(8). */
GArray *neo_find_paths(const NeoObserved *seen, const NeoTables *tables, GArray *complaints);
