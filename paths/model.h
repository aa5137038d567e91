/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>
#include <net/if.h>

#include "common/mptcp.h"

/** The protocol number of everything that Neo adds (FRA_PROTOCOL, rtm_protocol); nobody else has it in rtnetlink.h. */
#define NEO_RTPROT 78

/*
 * The priorities of Neo's rules: after the local table, before main (32766). They are part of what the engine reads
 * back: a rule's priority says what it is for.
 */
enum {
  NEO_RULE_FROM = 7800,         /**< from ADDRESS lookup TABLE; the MPTCP endpoint of ADDRESS is Neo's */
  NEO_RULE_FROM_FOREIGN = 7801, /**< the same; the MPTCP endpoint of ADDRESS is somebody else's */
  NEO_RULE_OIF = 7802,          /**< oif INTERFACE lookup TABLE */
  NEO_RULE_MARK = 7803,         /**< does nothing (FR_ACT_NOP); its firewall mark holds what Neo must not forget */
};

/* What a mark says: the upper half of its firewall mark. The lower half is its value. */
enum {
  NEO_MARK_ALONE = 0x4e01,  /**< the interface is to be left alone */
  NEO_MARK_GOING = 0x4e02,  /**< the interface is about to lose its configuration */
  NEO_MARK_SYSCTL = 0x4e03, /**< neighbour sysctls of the interface before Neo: four bits for each */
  NEO_MARK_LIMITS = 0x4e04, /**< MPTCP limits before Neo: subflows << 8 | add_addr_accepted */
};

/** The sysctls below net/ipv4/conf/INTERFACE that two addresses of one network on one host depend on. */
typedef enum { NEO_ARP_IGNORE, NEO_ARP_ANNOUNCE, NEO_RP_FILTER, NEO_N_SYSCTLS } NeoSysctl;

typedef struct {
  guint32 value[NEO_N_SYSCTLS];
} NeoSysctls;

/** A link (rtnetlink(7), RTM_NEWLINK). */
typedef struct {
  int index;
  char name[IFNAMSIZ];
  int parent;       /**< index of a macvlan's lower link, 0 if there is none or it is in another namespace */
  gboolean macvlan;
  gboolean running; /**< up and with carrier */
  NeoSysctls sysctls;
} NeoLink;

/** An address of global scope that sockets can be bound to. */
typedef struct {
  int link;
  NeoAddress address;
  gboolean deprecated; /**< no new connection should use it */
  gboolean temporary;  /**< an IPv6 privacy address, which changes every day */
} NeoLocal;

/** A route to everywhere (default) or elsewhere, in any table. */
typedef struct {
  sa_family_t family;
  int link;
  guint32 table, metric;
  gboolean is_default;
} NeoRoute;

/** A rule of Neo's protocol. */
typedef struct {
  sa_family_t family;
  guint8 action;      /**< FR_ACT_TO_TBL or FR_ACT_NOP */
  guint8 from_length; /**< bits of @from; 0: from all */
  guint32 priority, table, mark;
  NeoAddress from;
  char oif[IFNAMSIZ]; /**< "" if the rule has none */
} NeoRule;

/** The kernel's default limits (net/mptcp/pm_kernel.c). */
#define NEO_LIMITS_DEFAULT ((NeoMptcpLimits){ .subflows = 2, .add_addr_accepted = 0 })

/** Everything the engine knows of a network namespace. */
typedef struct {
  GArray *links;     /**< NeoLink */
  GArray *locals;    /**< NeoLocal */
  GArray *routes;    /**< NeoRoute */
  GArray *rules;     /**< NeoRule */
  GArray *endpoints; /**< NeoMptcpEndpoint, anybody's */
  NeoSysctls sysctls_all, sysctls_default;
  gboolean mptcp;    /**< whether the kernel has MPTCP and its path manager; if not, the next two mean nothing */
  NeoMptcpLimits limits;
  gboolean userspace; /**< whether the kernel leaves new connections to a userspace path manager */
  guint32 limit_max; /**< the greatest limit, and number of MPTCP endpoints, that this kernel takes */
} NeoObserved;

/** An empty observation. */
NeoObserved *neo_observed_new(void);
void neo_observed_free(NeoObserved *seen);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NeoObserved, neo_observed_free)

/** The link with this index or name, or NULL. It stays @seen's. */
const NeoLink *neo_observed_link(const NeoObserved *seen, int index);
const NeoLink *neo_observed_link_named(const NeoObserved *seen, const char *name);

/** The MPTCP endpoint with this address, or NULL. It stays @seen's. */
const NeoMptcpEndpoint *neo_observed_endpoint(const NeoObserved *seen, const NeoAddress *address);

/** The mark of this kind on the interface @oif ("" for none), or NULL. It stays @seen's. */
const NeoRule *neo_observed_mark(const NeoObserved *seen, guint32 kind, const char *oif);

/** Whether @rules (NeoRule) holds a rule that says the same as @rule. */
gboolean neo_rules_contain(const GArray *rules, const NeoRule *rule);

/** The rules that Neo makes. @oif may be "" for a mark. */
NeoRule neo_rule_from(const NeoAddress *from, guint32 table, guint32 priority);
NeoRule neo_rule_oif(sa_family_t family, const char *oif, guint32 table);
NeoRule neo_rule_mark(guint32 kind, guint16 value, const char *oif);

/** The name of a sysctl, as in /proc/sys/net/ipv4/conf/INTERFACE/. */
const char *neo_sysctl_name(NeoSysctl sysctl);
