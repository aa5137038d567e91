/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/** What iptables-save -c says of a rule. */
typedef struct {
  char *table, *chain;
  guint64 packets, bytes;
  char *rule;                /**< from "-A" on */
} NeoRuleCounter;

/** Reads the output of iptables-save -c (iptables-save(8)). What is no rule with counters is passed over. The caller owns the array. */
GArray *neo_rule_counters_parse(const char *text);

/** Runs iptables-save -c and ip6tables-save -c, and parses both into one array that the caller owns. */
GArray *neo_rule_counters_read(GError **error);

/** The word behind @option in @rule, or NULL. The caller owns it. */
char *neo_rule_option(const char *rule, const char *option);
