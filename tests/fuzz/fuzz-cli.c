/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "cli/check.h"
#include "cli/plot-svg.h"
#include "cli/prometheus.h"
#include "cli/check-segment.h"
#include "cli/rule-counters.h"
#include "cli/sockets.h"
#include "cli/status-parts.h"
#include "tests/fuzz/fuzz.h"

static void try_message(const uint8_t *data, size_t size)
{
  /* Memory of just its size, as the sanitizers need it. */
  g_autofree struct nlmsghdr *message = g_malloc0(NLMSG_ALIGN(sizeof *message + size));
  NeoSubflowSocket subflow;
  NeoMptcpSocket connection;
  NeoCheckRule rule;

  message->nlmsg_len = sizeof *message + size;
  if (size)
    memcpy(mnl_nlmsg_get_payload(message), data, size);
  if (neo_sockets_parse_subflow(message, &subflow))
    g_assert_true(subflow.local.family && subflow.remote.family);
  if (neo_sockets_parse_connection(message, &connection))
    g_assert_true(connection.local.family && connection.remote.family);
  if (neo_check_rule_parse(message, &rule))
    g_assert_true(rule.family == AF_INET || rule.family == AF_INET6);
}

static void try_packet(const uint8_t *data, size_t size)
{
  static const sa_family_t families[] = { AF_INET, AF_INET6 };
  g_autofree uint8_t *packet = g_memdup2(data, size);
  NeoCheckSegment segment;

  for (guint i = 0; i < G_N_ELEMENTS(families); i++) {
    if (neo_check_segment_parse(families[i], packet, size, &segment))
      g_assert_true(segment.whole || !segment.mptcp);
    if (neo_check_quote_parse(families[i], packet, size, &segment))
      g_assert_true(segment.whole || !segment.mptcp);
  }
}

static void try_text(const char *text)
{
  g_autoptr(GArray) counters = neo_rule_counters_parse(text);
  g_autoptr(NeoStatus) status = neo_status_new();
  NeoStatusRelay *relay = neo_status_relay_new("main");
  NeoStatusRacer *racer = neo_status_racer_new("8443");
  g_autoptr(NeoReport) report = neo_report_new();

  g_ptr_array_add(status->relays, relay);
  g_ptr_array_add(status->racers, racer);
  neo_status_take_rules(relay, counters);
  neo_status_parse_racer(text, racer);
  neo_check_relays(report, status, counters);
  neo_check_option(report, counters, text, NULL);
  neo_check_blackhole(report, text);
  g_autofree char *printed = neo_report_to_text(report);
  g_assert_true(g_str_has_suffix(printed, "\n"));
}

/* Labels come from files: whatever they say, a line is a comment or a sample. */
static void try_metrics(const char *text)
{
  g_autoptr(NeoStatus) status = neo_status_new();

  g_ptr_array_add(status->relays, neo_status_relay_new(text));
  g_ptr_array_add(status->proxies, neo_status_proxy_new(text));
  g_ptr_array_add(status->racers, neo_status_racer_new(text));
  g_autofree char *metrics = neo_status_to_prometheus(status, text);
  g_auto(GStrv) lines = g_strsplit(metrics, "\n", -1);
  g_assert_true(g_utf8_validate(metrics, -1, NULL) && g_str_has_suffix(metrics, "\n"));
  for (char **line = lines; line[1]; line++)
    g_assert_true(g_str_has_prefix(*line, "# ") || g_str_has_prefix(*line, "neo_"));
}

static void try_picture(const char *text)
{
  g_autoptr(NeoPlotData) data = neo_plot_data_new(0);
  g_autoptr(NeoStatus) status = neo_status_new();
  NeoStatusConnection *connection = neo_status_connection_new();
  NeoStatusSubflow subflow = { .traffic = { 0, 0, strlen(text), -1 } };
  static const GMarkupParser parser = { 0 };
  g_autoptr(GMarkupParseContext) context = g_markup_parse_context_new(&parser, 0, NULL, NULL);

  g_strlcpy(subflow.interface, text, sizeof subflow.interface);
  g_array_append_val(connection->subflows, subflow);
  g_ptr_array_add(status->connections, connection);
  neo_plot_data_add(data, status, G_USEC_PER_SEC);
  g_autofree char *svg = neo_plot_to_svg(data, NEO_PLOT_MIN_WIDTH + strlen(text), NEO_PLOT_MIN_HEIGHT, text);
  g_assert_true(g_markup_parse_context_parse(context, svg, -1, NULL) && g_markup_parse_context_end_parse(context, NULL));
}

/* An input is text, or after a byte of zero the payload of a message or a packet. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  if (size && !data[0]) {
    try_message(data + 1, size - 1);
    try_packet(data + 1, size - 1);
  } else {
    g_autofree char *text = g_strndup((const char *)data, size);
    try_text(text);
    try_metrics(text);
    try_picture(text);
  }
  return 0;
}
