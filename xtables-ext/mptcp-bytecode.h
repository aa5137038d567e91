/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>

/** Instructions that xt_bpf takes (XT_BPF_MAX_NUM_INSTR, linux/netfilter/xt_bpf.h). */
#define MPTCP_BYTECODE_MAX 64

/** Subtypes with a name (RFC 8684, section 8): 0 to 8. */
#define MPTCP_NAMED_SUBTYPES 9

/** The set of all sixteen subtypes, bit N for subtype N. */
#define MPTCP_SUBTYPES_ANY 0xffff

/**
 * Reads subtype names (RFC 8684, section 8) separated by commas, such as "mp_capable,mp_join", or "any". *@ret_set
 * gets bit N for each subtype N. False if a word is no name; *@ret_word then points to it in @text.
 */
bool mptcp_subtypes_parse(const char *text, uint16_t *ret_set, const char **ret_word);

/** The name of subtype @number, or NULL above the last that has one. */
const char *mptcp_subtype_name(unsigned number);

/**
 * Writes classic BPF for xt_bpf (offset 0 is the network header) that accepts a TCP packet whose first MPTCP option
 * (kind 30) has a subtype in @set and ends within the TCP header. Returns the number of instructions.
 * *@ret_options (may be NULL) is how many options of a header it looks at: nine for any subtype, one, or neighbours, and fewer for
 * sets with gaps, whose test needs the room.
 */
unsigned mptcp_bytecode(bool ipv6, uint16_t set, struct sock_filter code[static MPTCP_BYTECODE_MAX], unsigned *ret_options);
