/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "xtables-ext/relay-target.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

static const char *parse_port(const char *text, uint16_t *ret_port)
{
  unsigned long number = strtoul(text, NULL, 10);
  size_t digits = strspn(text, "0123456789");

  if (!digits || text[digits] || digits > 5 || number < 1 || number > 65535)
    return "has a wrong port; give one number from 1 to 65535 after the colon, or none to keep the port";
  *ret_port = number;
  return NULL;
}

/* Where the address ends and the port begins: *@ret_port_text is NULL without a port. False if a bracket is wrong. */
static bool split(int family, const char *text, char address[static 64], const char **ret_port_text)
{
  bool bracket = family == AF_INET6 && text[0] == '[';
  const char *start = text + bracket, *end = text + strlen(text);

  if (bracket)
    end = strchr(text, ']');
  else if (family == AF_INET && strchr(text, ':'))
    end = strchr(text, ':');
  if (!end || end - start >= 64)
    return false;
  memcpy(address, start, end - start);
  address[end - start] = '\0';
  const char *rest = end + bracket;
  *ret_port_text = *rest == ':' ? rest + 1 : NULL;
  return *rest == ':' || !*rest;
}

static const char *address_problem(int family, const char *address)
{
  struct in_addr other;

  if (family == AF_INET6 && inet_pton(AF_INET, address, &other) == 1)
    return "is an IPv4 address; use iptables for it";
  return family == AF_INET ? "is no IPv4 address; names and ranges are not taken, give one address such as 192.0.2.1 or 192.0.2.1:443"
                           : "is no IPv6 address; names and ranges are not taken, give one address such as 2001:db8::1 or [2001:db8::1]:443";
}

const char *relay_target_parse(int family, const char *text, union nf_inet_addr *ret_address, uint16_t *ret_port)
{
  char address[64];
  const char *port_text = NULL;
  union nf_inet_addr parsed = { .all = { 0 } };

  if (family == AF_INET && (text[0] == '[' || inet_pton(AF_INET6, text, &parsed) == 1))
    return "is an IPv6 address; use ip6tables for it";
  if (!split(family, text, address, &port_text))
    return family == AF_INET ? address_problem(family, text) : "has no address and port; write [2001:db8::1]:443";
  if (inet_pton(family, address, &parsed) != 1)
    return address_problem(family, address);
  *ret_port = 0;
  const char *problem = port_text ? parse_port(port_text, ret_port) : NULL;
  if (!problem)
    *ret_address = parsed;
  return problem;
}

static bool is_multicast(int family, const union nf_inet_addr *address)
{
  if (family == AF_INET)
    return IN_MULTICAST(ntohl(address->ip)) || address->ip == INADDR_BROADCAST;
  return IN6_IS_ADDR_MULTICAST(&address->in6);
}

static bool is_unspecified(int family, const union nf_inet_addr *address)
{
  /* All of 0.0.0.0/8 means "this host on this network" (RFC 1122). */
  return family == AF_INET ? ntohl(address->ip) >> 24 == 0 : IN6_IS_ADDR_UNSPECIFIED(&address->in6);
}

static bool is_loopback(int family, const union nf_inet_addr *address)
{
  return family == AF_INET ? ntohl(address->ip) >> 24 == 127 : IN6_IS_ADDR_LOOPBACK(&address->in6);
}

static bool is_link_local(int family, const union nf_inet_addr *address)
{
  return family == AF_INET ? ntohl(address->ip) >> 16 == 0xa9fe : IN6_IS_ADDR_LINKLOCAL(&address->in6);
}

static bool holds(const struct ifaddrs *entry, int family, const union nf_inet_addr *address)
{
  if (!entry->ifa_addr || entry->ifa_addr->sa_family != family)
    return false;
  if (family == AF_INET)
    return memcmp(&((struct sockaddr_in *)entry->ifa_addr)->sin_addr, &address->in, sizeof address->in) == 0;
  return memcmp(&((struct sockaddr_in6 *)entry->ifa_addr)->sin6_addr, &address->in6, sizeof address->in6) == 0;
}

/* A restored file may hold hundreds of rules: the host's addresses are read once. */
static bool is_own(int family, const union nf_inet_addr *address)
{
  static struct ifaddrs *addresses;

  if (!addresses && getifaddrs(&addresses) < 0)
    return false;
  for (const struct ifaddrs *entry = addresses; entry; entry = entry->ifa_next)
    if (holds(entry, family, address))
      return true;
  return false;
}

const char *relay_target_problem(int family, const union nf_inet_addr *address, bool allow_local)
{
  if (is_unspecified(family, address))
    return "is the unspecified address; give the proxy's";
  if (is_multicast(family, address))
    return "is a multicast or broadcast address; give the proxy's";
  if (allow_local)
    return NULL;
  if (is_loopback(family, address))
    return "is a loopback address; give the proxy's, or add --allow-local if you mean it";
  if (is_link_local(family, address))
    return "is a link-local address; give the proxy's, or add --allow-local if you mean it";
  if (is_own(family, address))
    return "is an address of this host; give the proxy's, or add --allow-local if you mean it";
  return NULL;
}

const char *relay_source_problem(int family, const union nf_inet_addr *address)
{
  if (is_unspecified(family, address))
    return "is the unspecified address; leave --from out to use the outgoing interface's";
  if (is_multicast(family, address))
    return "is a multicast or broadcast address; give one of this host's";
  if (is_loopback(family, address))
    return "is a loopback address, to which no answer comes back; give one of this host's others";
  return NULL;
}
