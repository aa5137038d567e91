/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/** What an iptables(8) command line, or a line of iptables-restore(8), says of its rule. */
typedef struct {
  const char *table; /**< "filter" if none is given */
  const char *chain; /**< NULL unless the command is -A, -I, -D, -R or -C */
  bool tcp;          /**< -p tcp stands there */
  bool narrow;       /**< -d or -i stands there with something narrower than everything */
  bool destination;  /**< -d stands there, likewise */
} RuleArgs;

/** Reads @argv, which ends with NULL. The strings stay those of @argv. A `!` before an option makes it count for nothing. */
RuleArgs rule_args_read(char *const *argv);

/**
 * Ends the program, through xtables_error(), unless the table is nat and a built-in chain is the one of @chains, and -p tcp
 * stands there. @target is for the message.
 */
void rule_args_check(const RuleArgs *args, const char *target, const char *chain);

/** Ends the program unless -p tcp stands there. */
void rule_args_check_tcp(const RuleArgs *args, const char *extension);

/**
 * Fills @words with the words of the command line of this program, in @text, ended by NULL. False if they are not those of a rule:
 * the program restores rules from a file, or the line does not fit.
 */
bool rule_args_of_program(char *text, size_t size, char **words, size_t max_words);
