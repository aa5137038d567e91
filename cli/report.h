/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

typedef enum { NEO_VERDICT_OK, NEO_VERDICT_WARN, NEO_VERDICT_FAIL } NeoVerdict;

/** What neo check found out about one thing. */
typedef struct {
  NeoVerdict verdict;
  char *subject;  /**< what was looked at: "mptcp", "path neo1" */
  char *seen;
  char *expected; /**< NULL when all is well */
  char *fix;      /**< a command for a shell, or NULL when there is none that would do */
} NeoFinding;

/** What a check found, in the order in which it looked. */
typedef struct {
  GArray *findings; /**< NeoFinding */
} NeoReport;

NeoReport *neo_report_new(void);
void neo_report_free(NeoReport *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NeoReport, neo_report_free)

/** Adds that @subject is as it should be. */
void neo_report_ok(NeoReport *report, const char *subject, const char *format, ...) G_GNUC_PRINTF(3, 4);

/** Adds a warning or a failure; the report takes the three texts (@fix may be NULL). */
void neo_report_bad(NeoReport *report, NeoVerdict verdict, const char *subject, char *seen, char *expected, char *fix);

/** The worst of all verdicts. */
NeoVerdict neo_report_verdict(const NeoReport *report);

/** One line for each finding, or a JSON array of objects. The caller owns it. */
char *neo_report_to_text(const NeoReport *report);
char *neo_report_to_json(const NeoReport *report);
