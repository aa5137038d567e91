/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Before linux/netfilter.h, which else defines struct in6_addr in another way. */
#include <netinet/in.h>

#include <linux/netfilter.h>
#include <stdbool.h>
#include <stdint.h>

/**
 * Reads ADDRESS[:PORT] of @family (AF_INET, AF_INET6); IPv6 may stand in brackets and must when a port follows. *@ret_port
 * is 0 when there is none. Returns NULL, or what is wrong and what to do, to be put behind the text in a message.
 */
const char *relay_target_parse(int family, const char *text, union nf_inet_addr *ret_address, uint16_t *ret_port);

/** Why @address is no proxy to forward to, likewise; NULL if it is. @allow_local lets pass what only this host could mean. */
const char *relay_target_problem(int family, const union nf_inet_addr *address, bool allow_local);

/** Why @address is no source for relayed packets, likewise; NULL if it is. */
const char *relay_source_problem(int family, const union nf_inet_addr *address);
