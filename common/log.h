/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/**
 * Sends this program's g_log_structured() messages to the journal, with their fields, when
 * standard error is connected to it (sd_journal(3), JOURNAL_STREAM), and else as plain
 * "@program: message" lines to standard error. Call once, at the start of main().
 * @program must live as long as the process.
 */
void neo_log_init(const char *program);

/**
 * Logs @error, one message for each of its lines, and returns the exit code that fits it.
 * For the edge of a program: `return neo_log_failure(error);`.
 */
int neo_log_failure(const GError *error);
