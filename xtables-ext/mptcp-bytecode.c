/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "xtables-ext/mptcp-bytecode.h"

#include <assert.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>

/*
 * Theory of operation. X holds the offset of an option; for IPv4 less 20, the fixed TCP header, so that the walk starts with the
 * offset of the TCP header itself, which one instruction loads. Each step loads the kind: 30 leaves the walk, NOP (1) and end (0) are their own
 * step width, so that the end is never left, and any other kind advances by its length. What leaves the walk is
 * checked for its subtype, for a length of at least 3, and for an end within the TCP header. That last check also refuses an
 * "option" which the walk found beyond the header, in the payload. SKF_AD_PAY_OFFSET, the end of the TCP
 * header, is less than that for a fragment, so a fragment never matches.
 */

enum { KIND_MPTCP = 30, FIXED_HEADER = 20, IPV6_HEADER = 40, MAX_OPTIONS = 9 };

/* Jump targets that are not known yet; no real distance in 64 instructions is so long. */
enum { TO_FOUND = 250, TO_BOUNDS, TO_NO };

typedef struct {
  struct sock_filter code[128];
  unsigned n;
  unsigned base; /* what is added to X for the offset of an option */
  unsigned found, bounds, no;
} Program;

static const char *const names[MPTCP_NAMED_SUBTYPES] = {
  "mp_capable", "mp_join", "dss", "add_addr", "remove_addr", "mp_prio", "mp_fail", "mp_fastclose", "mp_tcprst",
};

const char *mptcp_subtype_name(unsigned number)
{
  return number < MPTCP_NAMED_SUBTYPES ? names[number] : NULL;
}

static bool subtype_bits(const char *word, size_t length, uint16_t *ret_bits)
{
  if (length == 3 && strncmp(word, "any", 3) == 0) {
    *ret_bits = MPTCP_SUBTYPES_ANY;
    return true;
  }
  for (unsigned i = 0; mptcp_subtype_name(i); i++)
    if (strlen(names[i]) == length && strncmp(word, names[i], length) == 0) {
      *ret_bits = 1u << i;
      return true;
    }
  return false;
}

bool mptcp_subtypes_parse(const char *text, uint16_t *ret_set, const char **ret_word)
{
  uint16_t set = 0, bits;

  for (const char *word = text;; word++) {
    size_t length = strcspn(word, ",");
    if (!subtype_bits(word, length, &bits)) {
      *ret_word = word;
      return false;
    }
    set |= bits;
    word += length;
    if (!*word)
      break;
  }
  *ret_set = set;
  return true;
}

static void emit(Program *program, uint16_t code, uint32_t k)
{
  program->code[program->n++] = (struct sock_filter){ .code = code, .k = k };
}

static void emit_jump(Program *program, uint16_t test, uint32_t k, uint8_t jt, uint8_t jf)
{
  program->code[program->n++] = (struct sock_filter){ .code = BPF_JMP | test, .jt = jt, .jf = jf, .k = k };
}

static void emit_start(Program *program, bool ipv6)
{
  if (!ipv6) {
    emit(program, BPF_LDX | BPF_B | BPF_MSH, 0);
    return;
  }
  /* Behind an extension header TCP is not where this looks. */
  emit(program, BPF_LD | BPF_B | BPF_ABS, 6);
  emit_jump(program, BPF_JEQ | BPF_K, IPPROTO_TCP, 0, TO_NO);
  emit(program, BPF_LDX | BPF_W | BPF_IMM, IPV6_HEADER + FIXED_HEADER);
}

static void emit_walk(Program *program, unsigned options)
{
  for (unsigned i = 1; i < options; i++) {
    emit(program, BPF_LD | BPF_B | BPF_IND, program->base);
    emit_jump(program, BPF_JEQ | BPF_K, KIND_MPTCP, TO_FOUND, 0);
    emit_jump(program, BPF_JGT | BPF_K, 1, 0, 1);
    emit(program, BPF_LD | BPF_B | BPF_IND, program->base + 1);
    emit(program, BPF_ALU | BPF_ADD | BPF_X, 0);
    emit(program, BPF_MISC | BPF_TAX, 0);
  }
  emit(program, BPF_LD | BPF_B | BPF_IND, program->base);
  emit_jump(program, BPF_JEQ | BPF_K, KIND_MPTCP, TO_FOUND, TO_NO);
}

static uint8_t verdict(uint16_t set, unsigned subtype)
{
  return set & (1u << subtype) ? TO_BOUNDS : TO_NO;
}

/* The subtype is the high half of its byte, so one comparison of the whole byte serves each edge of the set. */
static void emit_subtype(Program *program, uint16_t set)
{
  if (set == MPTCP_SUBTYPES_ANY)
    return;
  emit(program, BPF_LD | BPF_B | BPF_IND, program->base + 2);
  for (unsigned subtype = 15; subtype > 0; subtype--)
    if (verdict(set, subtype) != verdict(set, subtype - 1))
      emit_jump(program, BPF_JGE | BPF_K, subtype << 4, verdict(set, subtype), 0);
  program->code[program->n - 1].jf = verdict(set, 0);
}

static void emit_bounds(Program *program)
{
  emit(program, BPF_LD | BPF_B | BPF_IND, program->base + 1);
  emit_jump(program, BPF_JGE | BPF_K, 3, 0, TO_NO);
  emit(program, BPF_ALU | BPF_ADD | BPF_X, 0);
  emit(program, BPF_MISC | BPF_TAX, 0);
  emit(program, BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_PAY_OFFSET));
  if (program->base)
    emit(program, BPF_ALU | BPF_SUB | BPF_K, program->base);
  emit_jump(program, BPF_JGE | BPF_X, 0, 0, 1);
  emit(program, BPF_RET | BPF_K, 1);
  emit(program, BPF_RET | BPF_K, 0);
}

static uint8_t resolve(const Program *program, unsigned at, uint8_t target)
{
  switch (target) {
  case TO_FOUND:
    return program->found - at - 1;
  case TO_BOUNDS:
    return program->bounds - at - 1;
  case TO_NO:
    return program->no - at - 1;
  default:
    return target;
  }
}

static void resolve_jumps(Program *program)
{
  for (unsigned i = 0; i < program->n; i++) {
    struct sock_filter *one = &program->code[i];
    one->jt = resolve(program, i, one->jt);
    one->jf = resolve(program, i, one->jf);
  }
}

static Program build(bool ipv6, uint16_t set, unsigned options)
{
  Program program = { .base = ipv6 ? 0 : FIXED_HEADER };

  emit_start(&program, ipv6);
  emit_walk(&program, options);
  program.found = program.n;
  emit_subtype(&program, set);
  program.bounds = program.n;
  emit_bounds(&program);
  program.no = program.n - 1;
  resolve_jumps(&program);
  return program;
}

unsigned mptcp_bytecode(bool ipv6, uint16_t set, struct sock_filter code[static MPTCP_BYTECODE_MAX], unsigned *ret_options)
{
  unsigned options = MAX_OPTIONS;
  Program program = build(ipv6, set, options);

  assert(set != 0);
  while (program.n > MPTCP_BYTECODE_MAX)
    program = build(ipv6, set, --options);
  memcpy(code, program.code, program.n * sizeof code[0]);
  if (ret_options)
    *ret_options = options;
  return program.n;
}
