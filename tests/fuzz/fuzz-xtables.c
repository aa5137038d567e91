/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <glib.h>
#include <netinet/in.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "xtables-ext/mptcp-bytecode.h"
#include "xtables-ext/relay-target.h"
#include "xtables-ext/rule-args.h"

/* --- options of the extensions --- */

/* What was taken is written and read again as the same. */
static void check_target(int family, const char *text)
{
  union nf_inet_addr address, again;
  uint16_t port = 0, port_again = 0;
  char shown[INET6_ADDRSTRLEN];

  if (relay_target_parse(family, text, &address, &port))
    return;
  g_assert_nonnull(inet_ntop(family, &address, shown, sizeof shown));
  g_autofree char *whole = g_strdup_printf(family == AF_INET6 ? "[%s]:%u" : "%s:%u", shown, port ? port : 1u);
  g_assert_null(relay_target_parse(family, whole, &again, &port_again));
  g_assert_cmpint(memcmp(&again, &address, family == AF_INET ? 4 : 16), ==, 0);
  g_assert_cmpuint(port_again, ==, port ? port : 1u);
}

static void check_subtypes(const char *text)
{
  uint16_t set = 0;
  const char *word = NULL;

  if (mptcp_subtypes_parse(text, &set, &word))
    g_assert_cmpuint(set, !=, 0);
  else
    g_assert_true(word >= text && word <= text + strlen(text));
}

static void check_text(const char *text)
{
  g_auto(GStrv) words = g_strsplit(text, "\n", 64);
  RuleArgs args = rule_args_read(words);

  g_assert_nonnull(args.table);
  g_assert_true(!args.destination || args.narrow);
  for (char **word = words; *word; word++) {
    check_target(AF_INET, *word);
    check_target(AF_INET6, *word);
    check_subtypes(*word);
  }
}

/* --- bytecode --- */

/* A packet from its network header on, and the registers of classic BPF (linux/filter.h). */
typedef struct {
  const guint8 *data;
  gsize length;
  guint tcp; /* where the TCP header begins */
  guint32 a, x;
} Machine;

/* skb_get_poff() of the kernel (net/core/flow_dissector.c) for TCP */
static guint payload_offset(const Machine *machine)
{
  return machine->tcp + 12 < machine->length ? machine->tcp + MAX(20, (machine->data[machine->tcp + 12] >> 4) * 4u) : machine->tcp;
}

/* FALSE: outside of the packet, which ends the program without a match. */
static gboolean load(Machine *machine, const struct sock_filter *one)
{
  guint64 offset = one->k + (BPF_MODE(one->code) == BPF_IND ? (guint64)machine->x : 0);

  if (one->code == (BPF_LD | BPF_W | BPF_ABS)) {
    g_assert_cmphex(one->k, ==, (guint32)(SKF_AD_OFF + SKF_AD_PAY_OFFSET));
    machine->a = payload_offset(machine);
    return TRUE;
  }
  if (offset >= machine->length)
    return FALSE;
  if (BPF_MODE(one->code) == BPF_MSH)
    machine->x = (machine->data[offset] & 0xf) * 4;
  else
    machine->a = machine->data[offset];
  return TRUE;
}

static gboolean is_taken(const Machine *machine, const struct sock_filter *one)
{
  guint32 operand = BPF_SRC(one->code) == BPF_X ? machine->x : one->k;

  if (BPF_OP(one->code) == BPF_JEQ)
    return machine->a == operand;
  if (BPF_OP(one->code) == BPF_JGT)
    return machine->a > operand;
  g_assert_cmpuint(BPF_OP(one->code), ==, BPF_JGE);
  return machine->a >= operand;
}

/* Jumps go forward only, so that a program ends; each must stay inside. */
static gboolean run(const struct sock_filter *code, guint n, Machine *machine)
{
  for (guint pc = 0; pc < n; pc++) {
    const struct sock_filter *one = &code[pc];
    if (one->code == (BPF_RET | BPF_K))
      return one->k != 0;
    if (one->code == (BPF_MISC | BPF_TAX))
      machine->x = machine->a;
    else if (one->code == (BPF_LDX | BPF_W | BPF_IMM))
      machine->x = one->k;
    else if (one->code == (BPF_ALU | BPF_ADD | BPF_X))
      machine->a += machine->x;
    else if (one->code == (BPF_ALU | BPF_SUB | BPF_K))
      machine->a -= one->k;
    else if (BPF_CLASS(one->code) == BPF_JMP)
      pc += is_taken(machine, one) ? one->jt : one->jf;
    else if (!load(machine, one))
      return FALSE;
  }
  g_assert_not_reached();
}

/* Whether there are bytes in the TCP header that could be an MPTCP option of a subtype in @set. */
static gboolean has_option(const Machine *machine, guint16 set)
{
  gsize end = MIN(payload_offset(machine), machine->length);

  for (gsize at = machine->tcp + 20; at + 2 < end; at++)
    if (machine->data[at] == 30 && set & (1u << (machine->data[at + 2] >> 4)))
      return TRUE;
  return FALSE;
}

/* An input is a byte that says IPv4 or IPv6, two with the set of subtypes, and a packet. */
static void check_bytecode(const uint8_t *data, size_t size)
{
  struct sock_filter code[MPTCP_BYTECODE_MAX];
  gboolean ipv6 = data[0] & 1;
  guint16 set = data[1] << 8 | data[2];
  Machine machine = { .data = data + 3, .length = size - 3 };

  machine.tcp = ipv6 ? 40 : machine.length ? (machine.data[0] & 0xf) * 4 : 0;
  guint n = mptcp_bytecode(ipv6, set ? set : MPTCP_SUBTYPES_ANY, code, NULL);
  g_assert_cmpuint(n, <=, MPTCP_BYTECODE_MAX);
  gboolean any = !set || set == MPTCP_SUBTYPES_ANY;
  if (run(code, n, &machine) && !any)
    g_assert_true(has_option(&machine, set));
}

/* Text is the words of a rule, a line each; what begins with a byte of zero is for the bytecode. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  if (size > 4 && !data[0]) {
    check_bytecode(data + 1, size - 1);
    return 0;
  }
  g_autofree char *text = g_strndup((const char *)data, size);
  check_text(text);
  return 0;
}
