/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/sample-proxy.h"

#include "tests/unit/sample-root.h"

NeoAddress sample_address(const char *text)
{
  NeoAddress parsed;
  g_assert_true(neo_address_parse(text, &parsed));
  return parsed;
}

void sample_proxy_route(NeoProxyHost *host, const char *prefix, guint link)
{
  NeoProxyRoute route = { .link = link, .main = TRUE };
  g_assert_true(neo_prefix_parse(prefix, &route.destination));
  g_array_append_val(host->routes, route);
}

NeoProxyHost *sample_proxy_host(void)
{
  NeoProxyHost *host = neo_proxy_host_new();
  NeoProxyHostAddress here = { sample_address("192.0.2.10"), 1, TRUE }, here6 = { sample_address("2001:db8::10"), 1, TRUE };
  NeoProxyHostAddress passing = { sample_address("2001:db8::ffff"), 1, FALSE };

  sample_proxy_route(host, "0.0.0.0/0", 1);
  sample_proxy_route(host, "::/0", 1);
  sample_proxy_route(host, "192.0.2.0/24", 1);
  sample_proxy_route(host, "10.20.0.0/16", 2);
  g_array_append_val(host->addresses, here);
  g_array_append_val(host->addresses, here6);
  g_array_append_val(host->addresses, passing);
  return host;
}

NeoProxyConfig *sample_proxy_config(const char *text, const NeoProxyHost *host, char **ret_service, GError **error)
{
  g_autofree char *dir = sample_root_make(), *path = g_build_filename(dir, "main.conf", NULL);

  sample_root_write(dir, "main.conf", text);
  NeoProxyConfig *config = neo_proxy_config_load(path, host, ret_service, error);
  sample_root_remove(dir);
  return config;
}

NeoProxyPlan *sample_proxy_plan(const char *text, const NeoProxyHost *host, const NeoProxyPlan *before)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(NeoProxyConfig) config = sample_proxy_config(text, host, NULL, &error);
  g_autoptr(GArray) resolvers = g_array_new(FALSE, FALSE, sizeof(NeoAddress));

  g_assert_no_error(error);
  NeoProxyPlan *plan = neo_proxy_plan_make("main", config, host, resolvers, before, &error);
  g_assert_no_error(error);
  return plan;
}
