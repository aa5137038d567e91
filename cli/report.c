/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/report.h"

#include "cli/json.h"
#include "cli/text.h"

static const char *const words[] = { "ok", "warn", "FAIL" };

static void clear_finding(gpointer data)
{
  NeoFinding *finding = data;

  g_free(finding->subject);
  g_free(finding->seen);
  g_free(finding->expected);
  g_free(finding->fix);
}

NeoReport *neo_report_new(void)
{
  NeoReport *report = g_new(NeoReport, 1);

  report->findings = g_array_new(FALSE, FALSE, sizeof(NeoFinding));
  g_array_set_clear_func(report->findings, clear_finding);
  return report;
}

void neo_report_free(NeoReport *report)
{
  if (!report)
    return;
  g_array_unref(report->findings);
  g_free(report);
}

void neo_report_ok(NeoReport *report, const char *subject, const char *format, ...)
{
  va_list args;

  va_start(args, format);
  NeoFinding finding = { .verdict = NEO_VERDICT_OK, .subject = g_strdup(subject), .seen = g_strdup_vprintf(format, args) };
  va_end(args);
  g_array_append_val(report->findings, finding);
}

void neo_report_bad(NeoReport *report, NeoVerdict verdict, const char *subject, char *seen, char *expected, char *fix)
{
  NeoFinding finding = { verdict, g_strdup(subject), seen, expected, fix };

  g_array_append_val(report->findings, finding);
}

NeoVerdict neo_report_verdict(const NeoReport *report)
{
  NeoVerdict worst = NEO_VERDICT_OK;

  for (guint i = 0; i < report->findings->len; i++)
    worst = MAX(worst, g_array_index(report->findings, NeoFinding, i).verdict);
  return worst;
}

char *neo_report_to_text(const NeoReport *report)
{
  GString *text = g_string_new(NULL);
  glong width = 0;

  for (guint i = 0; i < report->findings->len; i++)
    width = MAX(width, g_utf8_strlen(g_array_index(report->findings, NeoFinding, i).subject, -1));
  for (guint i = 0; i < report->findings->len; i++) {
    const NeoFinding *finding = &g_array_index(report->findings, NeoFinding, i);
    g_autofree char *seen = neo_text_clean(finding->seen);
    g_string_append_printf(text, "%-4s  %s%*s  %s", words[finding->verdict], finding->subject,
                           (int)(width - g_utf8_strlen(finding->subject, -1)), "", seen);
    if (finding->expected)
      g_string_append_printf(text, "; should be: %s", finding->expected);
    if (finding->fix)
      g_string_append_printf(text, "; fix: %s", finding->fix);
    g_string_append_c(text, '\n');
  }
  return g_string_free(text, FALSE);
}

char *neo_report_to_json(const NeoReport *report)
{
  GString *json = g_string_new("[");

  for (guint i = 0; i < report->findings->len; i++) {
    const NeoFinding *finding = &g_array_index(report->findings, NeoFinding, i);
    neo_json_open(json, NULL, '{');
    neo_json_string(json, "verdict", words[finding->verdict]);
    neo_json_string(json, "check", finding->subject);
    neo_json_string(json, "seen", finding->seen);
    neo_json_string(json, "expected", finding->expected);
    neo_json_string(json, "fix", finding->fix);
    neo_json_close(json, '{');
  }
  g_string_append(json, "]\n");
  return g_string_free(json, FALSE);
}
