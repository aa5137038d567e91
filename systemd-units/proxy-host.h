/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>
#include <libmnl/libmnl.h>

#include "common/address.h"

/** A route of the host, whatever its table. */
typedef struct {
  NeoPrefix destination;
  guint link; /**< interface index, 0 if it has none */
  guint32 metric;
  gboolean main; /**< in the table "main" */
} NeoProxyRoute;

/** An address of the host. */
typedef struct {
  NeoAddress address;
  guint link;
  gboolean lasting; /**< global, not temporary (RFC 8981), not deprecated */
} NeoProxyHostAddress;

/** Another proxy that is up. */
typedef struct {
  char *name;
  GArray *ports;  /**< guint16 */
  GArray *listen; /**< NeoAddress */
} NeoProxyOther;

/** What the network of the host looks like now, and what else is there. */
typedef struct {
  GArray *routes;    /**< NeoProxyRoute, without those of the proxy's own link */
  GArray *addresses; /**< NeoProxyHostAddress, likewise */
  GPtrArray *others; /**< NeoProxyOther */
} NeoProxyHost;

NeoProxyHost *neo_proxy_host_new(void);
void neo_proxy_host_free(NeoProxyHost *host);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NeoProxyHost, neo_proxy_host_free)

NeoProxyOther *neo_proxy_other_new(const char *name);

/** Reads a route of a dump (RTM_NEWROUTE, rtnetlink(7)); FALSE if it is no route to anywhere, or damaged. */
gboolean neo_proxy_parse_route(const struct nlmsghdr *message, NeoProxyRoute *ret_route);

/** The same of an address (RTM_NEWADDR). */
gboolean neo_proxy_parse_address(const struct nlmsghdr *message, NeoProxyHostAddress *ret_address);

/** Asks the kernel; everything on the links @own and @own_too (which need not exist) is passed over. */
NeoProxyHost *neo_proxy_host_observe(const char *own, const char *own_too, GError **error);

/** The interface of the default route of @family with the lowest metric, or 0. */
guint neo_proxy_host_uplink(const NeoProxyHost *host, sa_family_t family);

/** The interface that has @address, or 0. */
guint neo_proxy_host_link_of(const NeoProxyHost *host, const NeoAddress *address);

/** The lasting addresses of the interfaces of the default routes: an array of NeoAddress that the caller owns. */
GArray *neo_proxy_host_public(const NeoProxyHost *host);

/** A route other than a default route that shares addresses with @prefix, or NULL. */
const NeoProxyRoute *neo_proxy_host_overlap(const NeoProxyHost *host, const NeoPrefix *prefix);
