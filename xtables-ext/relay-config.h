/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

#include "common/address.h"

typedef enum {
  NEO_RELAY_MPTCP, /**< MPTCP connections may begin here, and joins */
  NEO_RELAY_JOIN,  /**< only joins */
  NEO_RELAY_TCP,   /**< any TCP */
} NeoRelayMode;

/** Mss= when the path MTU decides and no number does. */
#define NEO_RELAY_MSS_PMTU 1

/** One relay, as its file says. */
typedef struct {
  char *name;
  char *proxy;       /**< an address or a name */
  GArray *ports;     /**< guint16, host byte order; at least one */
  GArray *listen;    /**< NeoAddress; NULL: the local address that faces the proxy */
  GArray *from;      /**< NeoAddress, at most one of a family; NULL: the outgoing interface's */
  guint mode;        /**< NeoRelayMode */
  guint conn_limit;  /**< connections of one client at a time; 0: no limit */
  guint syn_rate;    /**< new connections of one client in a second; 0: no limit */
  guint mss;         /**< bytes, NEO_RELAY_MSS_PMTU, or 0: as it is */
  guint drain_time;  /**< milliseconds */
} NeoRelayConfig;

/** What a relay's name may be, for messages. */
#define NEO_RELAY_NAME_EXPECTED "at most 64 letters, digits, \"-\", \"_\", \".\" and \"@\", a letter or digit first"

/** Whether @name can be a relay's. */
gboolean neo_relay_name_is_valid(const char *name);

/** Reads the relay @name from the file @path (neo_config_load()). The caller owns it. */
NeoRelayConfig *neo_relay_config_load(const char *name, const char *path, GError **error);

/** The same from a text; @path stands for it in messages. */
NeoRelayConfig *neo_relay_config_parse(const char *name, const char *path, const char *text, GError **error);

void neo_relay_config_free(NeoRelayConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NeoRelayConfig, neo_relay_config_free)

/** Why @address is no proxy for a relay ("a loopback address"), or NULL if it can be one. */
const char *neo_relay_proxy_problem(const NeoAddress *address);
