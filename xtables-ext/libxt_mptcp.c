/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <getopt.h>
#include <linux/netfilter/xt_bpf.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <xtables.h>

#include "xtables-ext/mptcp-bytecode.h"
#include "xtables-ext/rule-args.h"

/* The match `mptcp`: bytecode for the kernel's own match bpf, so that saved rules load without this library. */

enum { OPT_SUBTYPE = 1 };

static const struct option options[] = {
  { "mptcp-subtype", required_argument, NULL, OPT_SUBTYPE },
  XT_GETOPT_TABLEEND,
};

static void help(void)
{
  printf("mptcp match options:\n"
         " --mptcp-subtype NAME[,NAME...]|any   the packet's first MPTCP option is one of these:\n"
         "                                     ");
  for (unsigned i = 0; mptcp_subtype_name(i); i++)
    printf(" %s", mptcp_subtype_name(i));
  printf("\n");
}

static uint16_t read_subtypes(const char *text)
{
  const char *word = NULL;
  uint16_t set = 0;

  if (!mptcp_subtypes_parse(text, &set, &word))
    xtables_error(PARAMETER_PROBLEM, "mptcp: unknown subtype in --mptcp-subtype at \"%s\"; write any, or some of "
                  "mp_capable,mp_join,dss,add_addr,remove_addr,mp_prio,mp_fail,mp_fastclose,mp_tcprst", word);
  return set;
}

static int parse(int c, char **argv, int invert, unsigned int *flags, struct xt_entry_match *match, bool ipv6)
{
  struct xt_bpf_info_v1 *info = (struct xt_bpf_info_v1 *)match->data;

  if (c != OPT_SUBTYPE)
    return 0;
  if (invert)
    xtables_error(PARAMETER_PROBLEM, "mptcp: --mptcp-subtype cannot be inverted, as a packet too short to be read does not match "
                  "either way; accept what matches in one rule and treat the rest in the next");
  if (*flags)
    xtables_error(PARAMETER_PROBLEM, "mptcp: --mptcp-subtype is given twice; separate the names by commas");
  RuleArgs args = rule_args_read(argv);
  rule_args_check_tcp(&args, "mptcp");
  info->mode = XT_BPF_MODE_BYTECODE;
  info->bpf_program_num_elem = mptcp_bytecode(ipv6, read_subtypes(optarg), info->bpf_program, NULL);
  *flags = 1;
  return 1;
}

static int parse4(int c, char **argv, int invert, unsigned int *flags, const void *entry, struct xt_entry_match **match)
{
  return parse(c, argv, invert, flags, *match, false);
}

static int parse6(int c, char **argv, int invert, unsigned int *flags, const void *entry, struct xt_entry_match **match)
{
  return parse(c, argv, invert, flags, *match, true);
}

static void final_check(unsigned int flags)
{
  if (!flags)
    xtables_error(PARAMETER_PROBLEM, "mptcp: add --mptcp-subtype NAME[,NAME...] or --mptcp-subtype any");
}

/* The kernel's match has room only for the bytecode, so the set is the one that makes the same. */
static uint16_t subtypes_of(const struct xt_bpf_info_v1 *info, bool ipv6)
{
  struct sock_filter code[MPTCP_BYTECODE_MAX];

  for (uint16_t set = 1; set < 1u << MPTCP_NAMED_SUBTYPES; set++)
    if (mptcp_bytecode(ipv6, set, code, NULL) == info->bpf_program_num_elem &&
        memcmp(code, info->bpf_program, info->bpf_program_num_elem * sizeof code[0]) == 0)
      return set;
  return MPTCP_SUBTYPES_ANY;
}

static int translate(struct xt_xlate *xl, const struct xt_xlate_mt_params *params, bool ipv6)
{
  uint16_t set = subtypes_of((const struct xt_bpf_info_v1 *)params->match->data, ipv6);
  const char *separator = "";

  if (set == MPTCP_SUBTYPES_ANY) {
    xt_xlate_add(xl, "tcp option mptcp exists");
    return 1;
  }
  xt_xlate_add(xl, "tcp option mptcp subtype { ");
  for (unsigned subtype = 0; subtype < MPTCP_NAMED_SUBTYPES; subtype++)
    if (set & (1u << subtype)) {
      xt_xlate_add(xl, "%s%u", separator, subtype);
      separator = ", ";
    }
  xt_xlate_add(xl, " }");
  return 1;
}

static int translate4(struct xt_xlate *xl, const struct xt_xlate_mt_params *params)
{
  return translate(xl, params, false);
}

static int translate6(struct xt_xlate *xl, const struct xt_xlate_mt_params *params)
{
  return translate(xl, params, true);
}

#define MATCH(protocol, parser, translator)                                          \
  {                                                                      \
    .version = XTABLES_VERSION,                                          \
    .name = "mptcp",                                                     \
    .real_name = "bpf",                                                  \
    .revision = 1,                                                       \
    .ext_flags = XTABLES_EXT_ALIAS,                                      \
    .family = protocol,                                                  \
    .size = XT_ALIGN(sizeof(struct xt_bpf_info_v1)),                     \
    .userspacesize = XT_ALIGN(offsetof(struct xt_bpf_info_v1, filter)),  \
    .help = help,                                                        \
    .parse = parser,                                                     \
    .final_check = final_check,                                          \
    .xlate = translator,                                                 \
    .extra_opts = options,                                               \
  }

static struct xtables_match matches[] = { MATCH(NFPROTO_IPV4, parse4, translate4), MATCH(NFPROTO_IPV6, parse6, translate6) };

__attribute__((constructor)) static void register_mptcp(void)
{
  xtables_register_matches(matches, sizeof matches / sizeof matches[0]);
}
