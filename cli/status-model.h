/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>
#include <net/if.h>

#include "common/address.h"

/** What went over a subflow, a path, a relay or all: bytes, and bytes per second (negative: not measured). */
typedef struct {
  guint64 in, out;
  double rate_in, rate_out;
} NeoTraffic;

/** An address of an interface that is a path, or the interface alone if it has none. */
typedef struct {
  char interface[IFNAMSIZ];
  NeoAddress address;   /**< family AF_UNSPEC: none */
  guint32 lease;        /**< seconds until the address ends; G_MAXUINT32: it does not; 0: no address */
  guint32 table;        /**< 0: none */
  gboolean rule;        /**< the rule "from ADDRESS lookup TABLE" stands */
  int mptcp_endpoint;   /**< its id; 0: none; -1: not seen */
  const char *state;    /**< static: one word or two, see neo-status(8) */
  guint subflows;
  guint32 rtt_us;       /**< mean of its subflows, 0: not measured */
  guint32 retransmits;
  NeoTraffic traffic;   /**< of the subflows that are open now */
} NeoStatusPath;

typedef struct {
  NeoAddress local, remote;
  guint16 local_port, remote_port;
  char interface[IFNAMSIZ]; /**< that has the local address; "" if none has */
  gboolean relay;           /**< the remote address is a relay's and not the proxy's */
  gboolean backup, up;
  guint32 rtt_us, retransmits;
  NeoTraffic traffic;
} NeoStatusSubflow;

/** A path (or the card, without one) and a remote address: all subflows from the one to the other. */
typedef struct {
  char interface[IFNAMSIZ];
  NeoAddress remote;
  gboolean relay;           /**< as of a subflow */
  guint joined, joining;    /**< established; without an answer yet */
  guint32 rtt_us, retransmits; /**< the mean of the established ones, 0: not measured; the sum */
  NeoTraffic traffic;
} NeoStatusWay;

/** A live MPTCP connection. */
typedef struct {
  guint32 token;
  NeoAddress remote;   /**< of the connection; its first subflow need not live any more */
  guint16 remote_port;
  gboolean fallback;   /**< it has become plain TCP */
  gboolean brief;      /**< its subflows are counted and not listed */
  GArray *subflows;    /**< NeoStatusSubflow, in the order of interfaces, then direct ones before relays */
  NeoTraffic traffic;  /**< of its open subflows */
} NeoStatusConnection;

/** A relay of this host. Counters are -1 where they could not be seen. */
typedef struct {
  char *name;
  char *unit, *service; /**< what loads it, alone or with all others, and its state, such as "active"; NULL: not seen */
  char *proxy, *listen;
  gint64 rules;       /**< that stand in the kernel */
  gint64 flows;       /**< connections that are open */
  gint64 bytes, packets; /**< forwarded, both directions */
  double rate;        /**< bytes per second; negative: not measured */
  gint64 limited;     /**< SYNs that SynRate= has dropped or ConnLimit= refused */
  gint64 refused;     /**< of them, those that ConnLimit= refused */
} NeoStatusRelay;

/** An address that a proxy announces. */
typedef struct {
  NeoAddress address;
  gboolean relay;      /**< or one of the proxy host's own */
  gboolean announced;  /**< an MPTCP endpoint for it stands in the namespace */
  guint subflows;      /**< open, to this address */
  NeoTraffic traffic;
} NeoStatusAnnounced;

/** A proxy namespace of this host. */
typedef struct {
  char *name, *service; /**< the unit that it hosts */
  char *netns_state, *service_state; /**< of both units; NULL: not seen */
  gboolean up;          /**< the namespace is there */
  gboolean seen;        /**< and could be looked into */
  GArray *announced;    /**< NeoStatusAnnounced */
  guint connections;    /**< live MPTCP connections of clients */
} NeoStatusProxy;

/** How often an endpoint has won a race, and how long it took to connect when it last did. */
typedef struct {
  char *endpoint;
  guint64 won;
  guint32 connect_us;   /**< 0: never, or not known */
} NeoStatusWins;

/** A racer of this host. */
typedef struct {
  char *name;           /**< of its file: a port */
  char *socket_state, *service_state; /**< of its units; NULL: not seen */
  gboolean running;     /**< the next ones are known */
  guint64 open, failed; /**< connections; races that nobody won */
  GArray *wins;         /**< NeoStatusWins, an entry for each endpoint; without a running service as the file says, with 0 */
} NeoStatusRacer;

/** What this host is and does. */
typedef struct {
  gboolean gateway;
  GArray *paths;          /**< NeoStatusPath */
  GArray *ways;           /**< NeoStatusWay, of a gateway, in the order of interfaces, then direct ones before relays */
  GPtrArray *connections; /**< NeoStatusConnection */
  guint subflows;         /**< of all connections */
  NeoTraffic traffic;     /**< of all subflows */
  gboolean userspace;     /**< neo-pathd and not the kernel makes subflows */
  gboolean mptcp;         /**< the kernel has MPTCP, and it is on */
  GPtrArray *relays;      /**< NeoStatusRelay */
  GPtrArray *proxies;     /**< NeoStatusProxy */
  GPtrArray *racers;      /**< NeoStatusRacer */
  GPtrArray *complaints;  /**< char *: what keeps a path from working */
  GPtrArray *unseen;      /**< char *: what could not be seen, and why */
} NeoStatus;

#define NEO_TRAFFIC_NONE ((NeoTraffic){ .rate_in = -1, .rate_out = -1 })

NeoStatus *neo_status_new(void);
void neo_status_free(NeoStatus *status);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NeoStatus, neo_status_free)

NeoStatusConnection *neo_status_connection_new(void);
NeoStatusRelay *neo_status_relay_new(const char *name);
NeoStatusProxy *neo_status_proxy_new(const char *name);
NeoStatusRacer *neo_status_racer_new(const char *name);

/** Adds @part to @sum; a rate that was not measured adds nothing. */
void neo_traffic_add(NeoTraffic *sum, const NeoTraffic *part);

/** Notes once what could not be seen. */
void neo_status_unseen(NeoStatus *status, const char *format, ...) G_GNUC_PRINTF(2, 3);

/** Puts ways and the subflows of a connection in their order, and the connections with the highest rate, then the most bytes, first; brief ones come last. */
void neo_status_sort(NeoStatus *status);
