/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>
#include <netinet/in.h>
#include <sys/socket.h>

/** An IPv4 or IPv6 address without a zone. All zero (family AF_UNSPEC) means: none. */
typedef struct {
  sa_family_t family; /**< AF_INET or AF_INET6 */
  union {
    struct in_addr in;
    struct in6_addr in6;
    guint8 bytes[16]; /**< network byte order; the first 4 for IPv4 */
  };
} NeoAddress;

/** A network: the host bits of @address are zero. */
typedef struct {
  NeoAddress address;
  guint8 length; /**< bits, 0-32 or 0-128 */
} NeoPrefix;

/** Reads a numeric address (inet_pton(3)); IPv6 also in brackets. FALSE if @text is anything else. */
gboolean neo_address_parse(const char *text, NeoAddress *ret_address);

/** Reads "ADDRESS/LENGTH"; FALSE if it is anything else or has host bits set. */
gboolean neo_prefix_parse(const char *text, NeoPrefix *ret_prefix);

/** The address as text. The caller owns it. */
char *neo_address_to_string(const NeoAddress *address);

/** Whether both are the same address of the same family. */
gboolean neo_address_equal(const NeoAddress *a, const NeoAddress *b);

/** Bytes in an address of this family: 4 or 16. */
gsize neo_address_size(const NeoAddress *address);

/** Takes @size bytes in network byte order; FALSE unless @size fits @family (AF_INET: 4, AF_INET6: 16). */
gboolean neo_address_from_bytes(sa_family_t family, const void *bytes, gsize size, NeoAddress *ret_address);

/** The address in @bytes of @size; an IPv4-mapped one becomes IPv4. FALSE unless @size is 4 or 16. */
gboolean neo_address_unmap(const void *bytes, gsize size, NeoAddress *ret_address);

/** Address and port (host byte order) of a socket address; an IPv4-mapped IPv6 address becomes IPv4. */
gboolean neo_address_from_sockaddr(const struct sockaddr *sa, NeoAddress *ret_address, guint16 *ret_port);

/** Fills @ret_sa and returns its length; @port is in host byte order. */
socklen_t neo_address_to_sockaddr(const NeoAddress *address, guint16 port, struct sockaddr_storage *ret_sa);

gboolean neo_address_is_loopback(const NeoAddress *address);
gboolean neo_address_is_multicast(const NeoAddress *address);
gboolean neo_address_is_unspecified(const NeoAddress *address);
gboolean neo_address_is_link_local(const NeoAddress *address);

/** Whether @address lies in @prefix. */
gboolean neo_prefix_contains(const NeoPrefix *prefix, const NeoAddress *address);

/** The address @n places after the first of @prefix; the caller keeps @n inside it. */
NeoAddress neo_prefix_nth(const NeoPrefix *prefix, guint32 n);
