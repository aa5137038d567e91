/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <getopt.h>
#include <linux/netfilter/nf_nat.h>
#include <stdio.h>
#include <string.h>
#include <xtables.h>

#include "xtables-ext/relay-target.h"
#include "xtables-ext/rule-args.h"

/*
 * The targets RELAY and RELAYBACK: checked input for the kernel's own targets, so that rules are stored, listed and saved as DNAT and
 * as MASQUERADE or SNAT, and load without this library.
 */

enum { OPT_TO = 1, OPT_ALLOW_LOCAL, OPT_FROM };
enum { HAS_TO = 1 << 0, HAS_ALLOW_LOCAL = 1 << 1, HAS_FROM = 1 << 2 };

/* The final check is told only flags, so what it must see of the rule is kept here. Rules are parsed one at a time. */
static struct {
  const char *to;
  union nf_inet_addr address;
} current;

static const struct option relay_options[] = {
  { "to", required_argument, NULL, OPT_TO },
  { "allow-local", no_argument, NULL, OPT_ALLOW_LOCAL },
  XT_GETOPT_TABLEEND,
};

static const struct option relayback_options[] = {
  { "from", required_argument, NULL, OPT_FROM },
  XT_GETOPT_TABLEEND,
};

static void relay_help(void)
{
  printf("RELAY target options:\n"
         " --to PROXY[:PORT]   forward to this address ([PROXY]:PORT for IPv6); without PORT the port stays\n"
         " --allow-local       PROXY may be this host's, a loopback or a link-local address\n");
}

static void relayback_help(void)
{
  printf("RELAYBACK target options:\n"
         " --from ADDRESS      use this source towards the proxy instead of the outgoing interface's\n");
}

static void take_once(unsigned int *flags, unsigned int flag, int invert, const char *what)
{
  if (invert)
    xtables_error(PARAMETER_PROBLEM, "%s cannot be inverted; remove the \"!\" before it", what);
  if (*flags & flag)
    xtables_error(PARAMETER_PROBLEM, "%s is given twice; give it once", what);
  *flags |= flag;
}

static void read_to(int family, struct nf_nat_range2 *range)
{
  uint16_t port = 0;
  const char *problem = relay_target_parse(family, optarg, &range->min_addr, &port);

  if (problem)
    xtables_error(PARAMETER_PROBLEM, "RELAY: --to \"%s\" %s", optarg, problem);
  range->flags = NF_NAT_RANGE_MAP_IPS | (port ? NF_NAT_RANGE_PROTO_SPECIFIED : 0);
  range->max_addr = range->min_addr;
  range->min_proto.all = range->max_proto.all = htons(port);
  current.to = optarg;
  current.address = range->min_addr;
}

static int relay_parse(int family, int c, char **argv, int invert, unsigned int *flags, struct xt_entry_target *target)
{
  switch (c) {
  case OPT_TO: {
    take_once(flags, HAS_TO, invert, "RELAY: --to");
    read_to(family, (struct nf_nat_range2 *)target->data);
    RuleArgs args = rule_args_read(argv);
    rule_args_check(&args, "RELAY", "PREROUTING");
    if (!args.narrow)
      xtables_error(PARAMETER_PROBLEM, "RELAY: without -d or -i the rule would also take traffic that only passes through "
                    "this host; add \"-d ADDRESS\" with the relay's own address, or \"-i INTERFACE\"");
    return 1;
  }
  case OPT_ALLOW_LOCAL:
    take_once(flags, HAS_ALLOW_LOCAL, invert, "RELAY: --allow-local");
    return 1;
  default:
    return 0;
  }
}

static int relay_parse4(int c, char **argv, int invert, unsigned int *flags, const void *entry, struct xt_entry_target **target)
{
  return relay_parse(AF_INET, c, argv, invert, flags, *target);
}

static int relay_parse6(int c, char **argv, int invert, unsigned int *flags, const void *entry, struct xt_entry_target **target)
{
  return relay_parse(AF_INET6, c, argv, invert, flags, *target);
}

static void relay_final_check(int family, unsigned int flags)
{
  if (!(flags & HAS_TO))
    xtables_error(PARAMETER_PROBLEM, "RELAY: where to? Add --to PROXY[:PORT]");
  const char *problem = relay_target_problem(family, &current.address, flags & HAS_ALLOW_LOCAL);
  if (problem)
    xtables_error(PARAMETER_PROBLEM, "RELAY: --to \"%s\" %s", current.to, problem);
}

static void relay_final_check4(unsigned int flags)
{
  relay_final_check(AF_INET, flags);
}

static void relay_final_check6(unsigned int flags)
{
  relay_final_check(AF_INET6, flags);
}

static int relay_translate(int family, struct xt_xlate *xl, const struct nf_nat_range2 *range)
{
  char address[INET6_ADDRSTRLEN];

  inet_ntop(family, &range->min_addr, address, sizeof address);
  if (!(range->flags & NF_NAT_RANGE_PROTO_SPECIFIED))
    xt_xlate_add(xl, "dnat to %s", address);
  else
    xt_xlate_add(xl, family == AF_INET ? "dnat to %s:%u" : "dnat to [%s]:%u", address, ntohs(range->min_proto.all));
  return 1;
}

static int relay_translate4(struct xt_xlate *xl, const struct xt_xlate_tg_params *params)
{
  return relay_translate(AF_INET, xl, (const struct nf_nat_range2 *)params->target->data);
}

static int relay_translate6(struct xt_xlate *xl, const struct xt_xlate_tg_params *params)
{
  return relay_translate(AF_INET6, xl, (const struct nf_nat_range2 *)params->target->data);
}

/* For IPv4 MASQUERADE 0 and SNAT 0 have one structure, for IPv6 MASQUERADE 0 and SNAT 1. */
static void relayback_init4(struct xt_entry_target *target)
{
  ((struct nf_nat_ipv4_multi_range_compat *)target->data)->rangesize = 1;
}

static void check_relayback(char *const *argv)
{
  RuleArgs args = rule_args_read(argv);

  rule_args_check(&args, "RELAYBACK", "POSTROUTING");
  if (!args.destination)
    xtables_error(PARAMETER_PROBLEM, "RELAYBACK: without -d the rule would hide the source of all TCP that leaves this host; "
                  "add \"-d PROXY\"");
}

/* With --from the rule becomes the kernel's SNAT, which is known only here. */
static void become_snat(struct xt_entry_target *target, uint8_t revision)
{
  strcpy(target->u.user.name, "SNAT");
  target->u.user.revision = revision;
}

static void read_from(int family, char *const *argv, int invert, unsigned int *flags, union nf_inet_addr *ret_address)
{
  uint16_t port = 0;

  take_once(flags, HAS_FROM, invert, "RELAYBACK: --from");
  check_relayback(argv);
  const char *problem = relay_target_parse(family, optarg, ret_address, &port);
  if (!problem && port)
    problem = "has a port; give the address only, so that the kernel picks a free port for each connection";
  if (!problem)
    problem = relay_source_problem(family, ret_address);
  if (problem)
    xtables_error(PARAMETER_PROBLEM, "RELAYBACK: --from \"%s\" %s", optarg, problem);
}

static int relayback_parse4(int c, char **argv, int invert, unsigned int *flags, const void *entry, struct xt_entry_target **target)
{
  struct nf_nat_ipv4_multi_range_compat *ranges = (struct nf_nat_ipv4_multi_range_compat *)(*target)->data;
  union nf_inet_addr address;

  if (c != OPT_FROM)
    return 0;
  read_from(AF_INET, argv, invert, flags, &address);
  ranges->range[0] = (struct nf_nat_ipv4_range){ .flags = NF_NAT_RANGE_MAP_IPS, .min_ip = address.ip, .max_ip = address.ip };
  become_snat(*target, 0);
  return 1;
}

static int relayback_parse6(int c, char **argv, int invert, unsigned int *flags, const void *entry, struct xt_entry_target **target)
{
  struct nf_nat_range *range = (struct nf_nat_range *)(*target)->data;
  union nf_inet_addr address;

  if (c != OPT_FROM)
    return 0;
  read_from(AF_INET6, argv, invert, flags, &address);
  *range = (struct nf_nat_range){ .flags = NF_NAT_RANGE_MAP_IPS, .min_addr = address, .max_addr = address };
  become_snat(*target, 1);
  return 1;
}

static void relayback_final_check(unsigned int flags)
{
  char *words[512], text[8192];

  /* Without an option the rule's words were not shown; those of a command (not of a restored file) are the program's. */
  if (!(flags & HAS_FROM) && rule_args_of_program(text, sizeof text, words, sizeof words / sizeof words[0]))
    check_relayback(words);
}

static int relayback_translate4(struct xt_xlate *xl, const struct xt_xlate_tg_params *params)
{
  const struct nf_nat_ipv4_multi_range_compat *ranges = (const void *)params->target->data;
  char address[INET_ADDRSTRLEN];

  if (ranges->range[0].flags & NF_NAT_RANGE_MAP_IPS)
    xt_xlate_add(xl, "snat to %s", inet_ntop(AF_INET, &ranges->range[0].min_ip, address, sizeof address));
  else
    xt_xlate_add(xl, "masquerade");
  return 1;
}

static int relayback_translate6(struct xt_xlate *xl, const struct xt_xlate_tg_params *params)
{
  const struct nf_nat_range *range = (const void *)params->target->data;
  char address[INET6_ADDRSTRLEN];

  if (range->flags & NF_NAT_RANGE_MAP_IPS)
    xt_xlate_add(xl, "snat to %s", inet_ntop(AF_INET6, &range->min_addr, address, sizeof address));
  else
    xt_xlate_add(xl, "masquerade");
  return 1;
}

#define TARGET(alias, kernel_name, kernel_revision, protocol, data) \
  .version = XTABLES_VERSION, .name = alias, .real_name = kernel_name, .revision = kernel_revision, \
  .ext_flags = XTABLES_EXT_ALIAS, .family = protocol, .size = XT_ALIGN(sizeof(data)), .userspacesize = XT_ALIGN(sizeof(data))

static struct xtables_target targets[] = {
  { TARGET("RELAY", "DNAT", 2, NFPROTO_IPV4, struct nf_nat_range2), .help = relay_help, .parse = relay_parse4,
    .final_check = relay_final_check4, .xlate = relay_translate4, .extra_opts = relay_options },
  { TARGET("RELAY", "DNAT", 2, NFPROTO_IPV6, struct nf_nat_range2), .help = relay_help, .parse = relay_parse6,
    .final_check = relay_final_check6, .xlate = relay_translate6, .extra_opts = relay_options },
  { TARGET("RELAYBACK", "MASQUERADE", 0, NFPROTO_IPV4, struct nf_nat_ipv4_multi_range_compat), .help = relayback_help,
    .init = relayback_init4, .parse = relayback_parse4, .final_check = relayback_final_check,
    .xlate = relayback_translate4, .extra_opts = relayback_options },
  { TARGET("RELAYBACK", "MASQUERADE", 0, NFPROTO_IPV6, struct nf_nat_range), .help = relayback_help,
    .parse = relayback_parse6, .final_check = relayback_final_check,
    .xlate = relayback_translate6, .extra_opts = relayback_options },
};

__attribute__((constructor)) static void register_relay(void)
{
  xtables_register_targets(targets, sizeof targets / sizeof targets[0]);
}
