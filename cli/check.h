/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "cli/report.h"
#include "cli/status-gateway.h"
#include "cli/status-model.h"
#include "cli/units.h"

/*
 * The checks: each looks at facts that were collected before and adds one line or more to the report. Pure, but for those at the end.
 */

/** The sysctl net.mptcp.enabled (NULL: the kernel has none) of this host or of the namespace @where (NULL: the host). */
void neo_check_mptcp(NeoReport *report, const char *enabled, const char *where);

/** /proc/net/netstat: whether the kernel has switched MPTCP off after connections that failed. */
void neo_check_blackhole(NeoReport *report, const char *netstat);

/** What iptables-legacy-save printed: rules there as well as in nf_tables are easily forgotten. @nft: the rules that are used are in nf_tables. */
void neo_check_backends(NeoReport *report, const char *legacy, gboolean nft);

/** Rules (NeoRuleCounter) and the text of "nft list ruleset" (may be NULL): nothing may drop or strip TCP option 30, MPTCP's. */
void neo_check_option(NeoReport *report, const GArray *counters, const char *ruleset, const char *where);

/** How full the table of connection tracking is. */
void neo_check_conntrack(NeoReport *report, guint64 count, guint64 max);

/** An interface and its MAC address as text. */
typedef struct {
  char name[IFNAMSIZ];
  char mac[18];
} NeoCheckMac;

/** Two interfaces (NeoCheckMac) with one MAC address get each other's packets. */
void neo_check_macs(NeoReport *report, const GArray *macs);

/** A routing rule, anybody's (fib_rules.h). */
typedef struct {
  sa_family_t family;
  guint32 priority, table;
  NeoPrefix from;       /**< length 0: from all */
  gboolean conditional; /**< it looks at more than the source */
} NeoCheckRule;

/** Reads one answer of RTM_GETRULE; FALSE for rules that decide nothing about a packet's way, or a broken one. */
gboolean neo_check_rule_parse(const struct nlmsghdr *message, NeoCheckRule *ret_rule);

/** @manager: "NetworkManager" if that has the interfaces, else networkd does. @rules are NeoCheckRule. */
void neo_check_gateway(NeoReport *report, const NeoStatus *status, const NeoGatewayView *view, const GArray *rules, gboolean network_manager);

/** @counters (NeoRuleCounter) may be NULL: not seen. */
void neo_check_relays(NeoReport *report, const NeoStatus *status, const GArray *counters);
void neo_check_proxies(NeoReport *report, const NeoStatus *status);
void neo_check_racers(NeoReport *report, const NeoStatus *status);

/** A forwarding sysctl of an interface (NULL: not readable). */
void neo_check_forwarding(NeoReport *report, const char *interface, const char *key, const char *value);

/* These ask the host. */

/** Checks what all roles need. */
void neo_check_host(NeoReport *report, gboolean forwards);

/** Asks the resolvers of the namespace of proxy @name, from inside. */
void neo_check_resolver(NeoReport *report, const char *name);

/** Looks into the namespace of proxy @name: MPTCP is on, no rule takes it out. */
void neo_check_namespace(NeoReport *report, const char *name);

/** Rules of the namespace of @kernel: NeoCheckRule, owned by the caller. */
GArray *neo_check_rules(NeoKernel *kernel);

/** Makes real connections to @proxy ("HOST:PORT") from each path, directly and through each relay of @routes. FALSE if it cannot begin. */
gboolean neo_check_proxy(NeoReport *report, const NeoStatus *status, const NeoRoutes *routes, const char *proxy, GError **error);
