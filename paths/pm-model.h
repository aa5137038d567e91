/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "paths/pm-events.h"

/** How long a join may take before its path looks for another remote (microseconds): the SYN and one retransmission. */
#define NEO_PM_JOIN_PATIENCE (3 * G_USEC_PER_SEC)

/**
 * The announcements of a new connection come in a burst, with or just after its establishment. Joins wait until none has come for
 * NEO_PM_SETTLE, at most NEO_PM_SETTLE_MAX (microseconds): a subflow that has to move to a relay again costs more than that.
 */
#define NEO_PM_SETTLE (10 * G_TIME_SPAN_MILLISECOND)
#define NEO_PM_SETTLE_MAX (30 * G_TIME_SPAN_MILLISECOND)

/**
 * An announcement to which no join came is said again after this time (microseconds), and once more after four times as long. The kernel
 * drops one, and says nothing, while another signal of the connection waits to be sent (net/mptcp/pm.c: mptcp_pm_announce_addr); its own
 * repetition comes after net.mptcp.add_addr_timeout, two minutes.
 */
#define NEO_PM_REPEAT (500 * G_TIME_SPAN_MILLISECOND)
#define NEO_PM_REPEATS 2

/**
 * Subflows that an accepted connection may have: all that a gateway of Neo makes, and a check of each (paths/pm-health.h). What a peer opens
 * beyond that is closed: the kernel does not bound it under a userspace path manager (net/mptcp/pm.c: mptcp_pm_allow_new_subflow).
 */
#define NEO_PM_MAX_ACCEPTED 512

/** How a subflow gets on, as the counters of its socket say. */
typedef struct {
  guint64 moved;     /**< bytes received and bytes acknowledged by the peer, since it was made */
  guint64 others;    /**< what the connection had moved when this subflow moved last */
  gint64 moved_at;   /**< when that was; monotonic microseconds */
  gint64 check_at;   /**< not to be checked again before */
  guint check_s;     /**< 0 while it is well, then 1, 2, 4 ... 60 */
  gboolean checking; /**< a second join between the same addresses is under way, to see whether anything gets through */
  gboolean parked;   /**< nothing does: the path is to go elsewhere */
} NeoPmHealth;

/** A subflow of a live connection. */
typedef struct {
  NeoAddress local, remote;
  guint16 local_port; /**< 0 while the join has not been answered: the kernel does not say it earlier */
  guint16 remote_port;
  guint8 local_id, remote_id;
  int link;           /**< the interface that it is bound to, 0 for none */
  gboolean backup, up;
  gint64 since;       /**< when it was asked for or, if it is up, established; monotonic microseconds */
  NeoPmHealth health;
} NeoPmSubflow;

/** An address that can be joined to: one of the peer's, or one that is announced to it. */
typedef struct {
  NeoAddress address;
  guint16 port;
  guint8 id;          /**< as announced; 0 for the initial one */
  guint8 alias;       /**< of the initial one: the id under which it was announced as well, 0 for none */
  gboolean withdrawn; /**< only the initial one stays in the list when it is withdrawn */
  gboolean backup;    /**< of one that is announced: joins to it are answered with a wish for backup priority */
  guint8 repeats;     /**< how often it was announced again */
  gint64 again_at;    /**< of one that is announced: when it is announced again (monotonic microseconds), 0: no more */
} NeoPmRemote;

/** An address and its identifier in one connection (RFC 8684, 3.4.1). */
typedef struct {
  NeoAddress address;
  guint8 id;
} NeoPmId;

/** A live MPTCP connection. */
typedef struct {
  guint32 token;
  gboolean server_side, established;
  gboolean deny_initial; /**< the peer wants no joins to the initial address */
  gint64 established_at, settled_at; /**< no joins before the latter; monotonic microseconds */
  guint64 moved;         /**< bytes received and acknowledged over all subflows, as far as they were counted */
  gint64 next;           /**< when to look at it again (monotonic microseconds), 0: when something happens */
  NeoAddress local;      /**< the initial subflow's */
  GArray *remotes;       /**< NeoPmRemote; the initial one first */
  GArray *subflows;      /**< NeoPmSubflow */
  GHashTable *retries;   /**< pairs of addresses that failed (paths/pm-retry.h) */
  gint64 joins_free_at;  /**< when all joins that were asked for count no more; monotonic microseconds */
  gboolean looked_for;   /**< in this turn something happened to it, and it is to be looked at once */
  gboolean refused_told; /**< the user was told that the peer announced what is not joined to */
  GArray *ids;           /**< NeoPmId of local addresses, kept for as long as the connection lives */
  GArray *announced;     /**< NeoPmRemote: what was announced to the peer */
} NeoPmConnection;

/** How a subflow's sending gets on (struct tcp_info). */
typedef struct {
  guint32 unacked;          /**< segments in flight */
  guint32 ack_ms, sent_ms;  /**< since the last acknowledgement came, and since data was sent last */
  guint32 rtt_us, rttvar_us;
  guint64 acked;            /**< bytes, since it was made */
  guint32 timeouts;         /**< how often the oldest segment was sent again because no acknowledgement came in time */
  guint32 window;           /**< bytes that the peer has room for, as its last acknowledgement said */
} NeoPmSending;

/** A socket as sock_diag(7) shows it: an MPTCP connection or a subflow of one. */
typedef struct {
  guint32 token;
  gboolean connection;  /**< @subflow holds the addresses of the initial subflow, which need not live any more */
  gboolean client_side; /**< of a subflow: it was opened from here */
  guint64 cookie;       /**< the kernel's name for the socket, never given out twice */
  guint joins;          /**< of a connection: its subflows beside the first */
  gboolean pending;     /**< of a connection: something that was written is not acknowledged */
  guint64 una;          /**< of a connection: the first byte that is not */
  NeoPmSending sending; /**< of a subflow */
  NeoPmSubflow subflow;
} NeoPmSocket;

/** The live connections, by token. */
typedef struct {
  GHashTable *connections; /**< guint32 * to NeoPmConnection * */
} NeoPmModel;

NeoPmModel *neo_pm_model_new(void);
void neo_pm_model_free(NeoPmModel *model);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NeoPmModel, neo_pm_model_free)

/** The connection with this token, or NULL. It stays @model's. */
NeoPmConnection *neo_pm_model_find(const NeoPmModel *model, guint32 token);

/** Takes in @event. Returns the connection that it is about, unless there is none (any more); it stays @model's. */
NeoPmConnection *neo_pm_model_apply(NeoPmModel *model, const NeoPmEvent *event, gint64 now);

/**
 * Takes in a dump of all sockets (NeoPmSocket; connections before subflows): connections and subflows that are not in it
 * are forgotten, new ones are added; what is known of the others (announced addresses, waiting times) is kept.
 */
void neo_pm_model_learn(NeoPmModel *model, const GArray *sockets, gint64 now);

/** Notes that a join was asked for. */
void neo_pm_connection_joining(NeoPmConnection *connection, const NeoPmSubflow *subflow);

/** Notes that @remote was announced, for the first time or again. */
void neo_pm_connection_announced(NeoPmConnection *connection, const NeoPmRemote *remote, gint64 now);

/** Whether @announced, to which no join came, is to be announced again. */
gboolean neo_pm_connection_repeats(const NeoPmConnection *connection, const NeoPmRemote *announced, gint64 now);

/** Forgets the subflow at @index, which was closed from here. */
void neo_pm_connection_forget(NeoPmConnection *connection, guint index);

/** When something about the connection changes by time alone (monotonic microseconds), or 0. */
gint64 neo_pm_connection_next(const NeoPmConnection *connection, gint64 now);

/** The identifier of @address in @connection; a new one if it has none, -1 if all 255 are taken. */
int neo_pm_connection_id(NeoPmConnection *connection, const NeoAddress *address);

/** Whether @subflow leads to @remote. */
gboolean neo_pm_subflow_leads_to(const NeoPmSubflow *subflow, const NeoPmRemote *remote);
