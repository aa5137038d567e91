/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "racer/settings.h"
#include "tests/fuzz/fuzz.h"

/* What was taken can be written and read again as the same. */
static void check_endpoint(const RacerEndpoint *endpoint)
{
  NeoConfigProblem problem;
  g_autoptr(RacerEndpoint) again = racer_endpoint_parse(endpoint->text, &problem);

  g_assert_nonnull(again);
  g_assert_cmpuint(again->port, ==, endpoint->port);
  g_assert_true((again->port > 0) == (endpoint->srv == NULL));
  g_assert_cmpstr(again->host, ==, endpoint->host);
  g_assert_cmpstr(again->srv, ==, endpoint->srv);
  g_assert_true(racer_endpoint_same_source(endpoint, again));
  g_assert_cmpint((endpoint->host != NULL) + (endpoint->srv != NULL) + (endpoint->address.family != AF_UNSPEC), ==, 1);
}

static void parse_file(const char *text)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(RacerSettings) settings = racer_settings_parse("f", text, &error);

  g_assert_true((settings == NULL) == (error != NULL));
  if (!settings)
    return;
  g_assert_cmpuint(settings->endpoints->len, >, 0);
  for (guint i = 0; i < settings->endpoints->len; i++)
    check_endpoint(settings->endpoints->pdata[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  g_autofree char *text = g_strndup((const char *)data, size);
  NeoConfigProblem problem;
  g_autoptr(RacerEndpoint) endpoint = racer_endpoint_parse(text, &problem);

  if (endpoint)
    check_endpoint(endpoint);
  parse_file(text);
  return 0;
}
