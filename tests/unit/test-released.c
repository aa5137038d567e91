/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files that were right for a version that was released are right for this one: tests/unit/released has a directory for each, with all
 * keys that it knew, and nobody changes it afterwards. A key that is removed keeps a row (NeoConfigKey.instead).
 */
#include "networkd/parent.h"
#include "paths/conf.h"
#include "racer/settings.h"
#include "systemd-units/proxy-config.h"
#include "xtables-ext/relay-config.h"

typedef gboolean (*Reads)(const char *path, GError **error);

static gboolean reads_racer(const char *path, GError **error)
{
  g_autoptr(RacerSettings) settings = racer_settings_load(path, error);
  return settings != NULL;
}

static gboolean reads_relay(const char *path, GError **error)
{
  g_autoptr(NeoRelayConfig) config = neo_relay_config_load("main", path, error);
  return config != NULL;
}

static gboolean reads_proxy(const char *path, GError **error)
{
  g_autoptr(NeoProxyConfig) config = neo_proxy_config_load(path, NULL, NULL, error);
  return config != NULL;
}

static gboolean reads_paths(const char *path, GError **error)
{
  NeoPathsConf conf;
  return g_file_test(path, G_FILE_TEST_EXISTS) && neo_paths_conf_load(path, &conf, error);
}

static gboolean reads_network(const char *path, GError **error)
{
  g_autoptr(GPtrArray) others = g_ptr_array_new();
  NeoParentContext context = { "/", neo_paths_conf_default().tables, others };
  g_autofree char *text = NULL;
  g_autoptr(NeoParent) parent = g_file_get_contents(path, &text, NULL, error) ? neo_parent_parse(path, text, &context, error) : NULL;

  return parent != NULL;
}

static const struct {
  const char *file;
  Reads reads;
} kinds[] = {
  { "racer.conf", reads_racer }, { "listening-racer.conf", reads_racer }, { "relay.conf", reads_relay },
  { "proxy.conf", reads_proxy }, { "paths.conf", reads_paths },           { "10-ens3.network", reads_network },
};

static void test_version(gconstpointer directory)
{
  for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
    g_autofree char *path = g_build_filename(directory, kinds[i].file, NULL);
    g_autoptr(GError) error = NULL;
    gboolean read = kinds[i].reads(path, &error);

    g_assert_no_error(error);
    g_assert_true(read);
  }
}

/* Each directory of @released is a test of its own. */
int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_assert_cmpint(argc, ==, 2);
  g_autoptr(GDir) released = g_dir_open(argv[1], 0, NULL);
  g_assert_nonnull(released);
  for (const char *version; (version = g_dir_read_name(released));) {
    g_autofree char *name = g_strconcat("/released/", version, NULL);
    g_test_add_data_func_full(name, g_build_filename(argv[1], version, NULL), test_version, g_free);
  }
  return g_test_run();
}
