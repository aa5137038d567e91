/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

#include "common/address.h"
#include "systemd-units/proxy-config.h"

/** An address that is announced, and the address of the link's network that stands for it on the way in. */
typedef struct {
  NeoAddress address, mapped;
} NeoProxyMapping;

/** A port of the proxy and the one that takes MPTCP inside: the racer's, or the same. */
typedef struct {
  guint16 port, inside;
} NeoProxyPort;

/** An interface that leads outside. */
typedef struct {
  char *link;
  sa_family_t family;
  gboolean guarded; /**< the host did not forward on it before: nothing but the proxy's may pass */
} NeoProxyUplink;

/** All that is to be set up for one proxy. */
typedef struct {
  char *name;
  char *link; /**< the host's end; the other one is NEO_PROXY_INSIDE_LINK */
  NeoPrefix subnet, subnet6;
  NeoAddress host[2], inside[2]; /**< the ends of the link: IPv4, IPv6 */
  gboolean ipv6;
  gboolean
      guard_ipv6; /**< the kernel forwards IPv6 on all links or none, and did on none: only DNATed packets may pass */
  gboolean probe;          /**< relays are announced only while a join through them works */
  char *probe_link;        /**< the host's end of a link to a client, in a namespace of its own, that tries the joins */
  NeoAddress probe_host[2], probe_inside[2]; /**< the ends of that link: IPv4, IPv6 */
  GArray *withheld;        /**< NeoAddress: those of the relays that are not announced now */
  gboolean front;
  gboolean backup;         /**< relays are announced as backups */
  GArray *ports;           /**< NeoProxyPort */
  GArray *relays, *listen; /**< NeoProxyMapping */
  GArray *uplinks;         /**< NeoProxyUplink */
  GArray *resolvers;       /**< NeoAddress */
  GArray *host_resolvers;  /**< NeoAddress: those of them that are the host's */
} NeoProxyPlan;

/** The inner end of each link. */
#define NEO_PROXY_INSIDE_LINK "host0"

NeoProxyPlan *neo_proxy_plan_new(const char *name);
void neo_proxy_plan_free(NeoProxyPlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NeoProxyPlan, neo_proxy_plan_free)

/**
 * Plans @name as @config says, with @resolvers (NeoAddress) for the namespace. @before is the plan that it is up with,
 * or NULL: its networks and the places of addresses that stay are kept. NEO_ERROR_SYSTEM if the host has no address to
 * listen on, or no free network.
 */
NeoProxyPlan *neo_proxy_plan_make(const char *name, const NeoProxyConfig *config, const NeoProxyHost *host,
                                  const GArray *resolvers, const NeoProxyPlan *before, GError **error);

/** Fills the ends of the links from their networks. */
void neo_proxy_plan_ends(NeoProxyPlan *plan);

/** Whether @relay is one that @plan does not announce now. */
gboolean neo_proxy_plan_withholds(const NeoProxyPlan *plan, const NeoAddress *relay);

/** The entry of @mappings (may be NULL) for @address, or NULL. */
const NeoProxyMapping *neo_proxy_mapping_find(const GArray *mappings, const NeoAddress *address);

/** The port inside for each of @ports (guint16): PORT + 20000, or the next that is free. An array of NeoProxyPort. */
GArray *neo_proxy_front_ports(const GArray *ports, gboolean front);

/** The name of the link's host end and of a chain ("pre", "out", "post", "fwd", "in"). The caller owns the text. */
char *neo_proxy_link_name(const char *name);
char *neo_proxy_probe_link_name(const char *name);
char *neo_proxy_chain_name(const char *name, const char *suffix);

/** What the namespace of the client that tries the joins for the proxy @name is called. The caller owns the text. */
char *neo_proxy_probe_name(const char *name);

/** A MAC address for an end of the link of @name: locally administered, the same each time. */
void neo_proxy_mac(const char *name, gboolean inside, guint8 ret_mac[static 6]);

/** The plan as text, for a person. The caller owns it. */
char *neo_proxy_plan_to_string(const NeoProxyPlan *plan);
