/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

#include "common/address.h"
#include "systemd-units/proxy-host.h"

typedef enum { NEO_PROXY_FRONT, NEO_PROXY_NATIVE } NeoProxyMptcp;

/** What /etc/neo/proxy/NAME.conf says. Arrays are NULL where the file says nothing. */
typedef struct {
  char *service;            /**< the unit to host */
  GArray *ports;            /**< guint16 */
  GArray *relays;           /**< NeoAddress */
  GArray *listen;           /**< NeoAddress */
  GArray *resolvers;        /**< NeoAddress */
  NeoPrefix subnet;         /**< family 0: not given */
  NeoPrefix subnet6;        /**< family 0: not given */
  guint mptcp;              /**< NeoProxyMptcp */
  gboolean backup;          /**< relays carry data only while nothing else does */
  gboolean probe;           /**< a relay is announced only while a join through it works */
  const NeoProxyHost *host; /**< what the file is checked against; not owned */
} NeoProxyConfig;

/** Whether @name fits into the names of links and chains: 1 to 11 of a-z, A-Z, 0-9, "_" and "-", no "-" first. */
gboolean neo_proxy_name_valid(const char *name);

/**
 * Reads @path. With @host (may be NULL) the networks are checked against its routes and the ports against
 * the other proxies that are up. On NEO_ERROR_CONFIG *@ret_service (may be NULL) is Service= all the same, if that
 * line is right; the caller owns it.
 */
NeoProxyConfig *neo_proxy_config_load(const char *path, const NeoProxyHost *host, char **ret_service, GError **error);
void neo_proxy_config_free(NeoProxyConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NeoProxyConfig, neo_proxy_config_free)
