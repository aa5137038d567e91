/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "systemd-units/proxy-dropin.h"

#include <errno.h>
#include <string.h>

#include "common/error.h"
#include "systemd-units/proxy-config.h"
#include "systemd-units/proxy-conflict.h"
#include "systemd-units/proxy-namespace.h"
#include "systemd-units/proxy-plan.h"
#include "systemd-units/proxy-state.h"

#define HEADER "# Written by neo-proxy-generator(8).\n"

static gboolean write_dropin(const char *out, const char *unit, const char *text, GError **error)
{
  g_autofree char *dir = g_strconcat(out, "/", unit, ".d", NULL), *path = g_build_filename(dir, NEO_PROXY_DROPIN, NULL);

  if (g_mkdir_with_parents(dir, 0755) < 0)
    return neo_error_set_errno(error, errno, "%s", dir);
  return g_file_set_contents(path, text, -1, error);
}

/* What ties a unit to the namespace: it ends with it, and begins after it. */
static char *tie(const char *name)
{
  g_autofree char *path = neo_proxy_namespace_path(name);

  return g_strdup_printf(HEADER "[Unit]\n"
                                "BindsTo=neo-netns@%s.service\n"
                                "After=neo-netns@%s.service\n"
                                "\n"
                                "[Service]\n"
                                "NetworkNamespacePath=%s\n",
                         name, name, path);
}

static gboolean write_service(const char *out, const char *name, const char *service, GError **error)
{
  g_autofree char *tied = tie(name), *dir = neo_proxy_state_dir(name);
  g_autofree char *text = g_strdup_printf("%sBindReadOnlyPaths=%s/resolv.conf:/etc/resolv.conf\n", tied, dir);

  return write_dropin(out, service, text, error);
}

static gboolean write_fronts(const char *out, const char *name, const GArray *ports, GString *wants, GError **error)
{
  g_autofree char *tied = tie(name);

  for (guint i = 0; i < ports->len; i++) {
    g_autofree char *front = g_strdup_printf("neo-front@%s:%u.service", name, g_array_index(ports, guint16, i));
    g_string_append_printf(wants, "Wants=%s\n", front);
    if (!write_dropin(out, front, tied, error))
      return FALSE;
  }
  return TRUE;
}

/* Without Listen= the host's addresses are not known this early: one of each family is assumed. */
static guint count_announced(const NeoProxyConfig *config)
{
  return (config->relays ? config->relays->len : 0) + (config->listen ? config->listen->len : 2);
}

/* What is started with the namespace. */
static gboolean write_owner(const char *out, const char *name, const NeoProxyConfig *config, guint announced_max,
                            GError **error)
{
  g_autoptr(GString) wants = g_string_new(NULL);
  g_autofree char *owner = g_strdup_printf("neo-netns@%s.service", name);

  if (config->mptcp == NEO_PROXY_FRONT && !write_fronts(out, name, config->ports, wants, error))
    return FALSE;
  if (config->probe)
    g_string_append_printf(wants, "Wants=neo-probe@%s.service\n", name);
  if (count_announced(config) > announced_max)
    g_string_append_printf(wants, "Wants=neo-pathd@%s.service\n", name);
  g_string_prepend(wants, wants->len ? HEADER "[Unit]\n" : "");
  return !wants->len || write_dropin(out, owner, wants->str, error);
}

static gboolean check_conflicts(const char *path, const char *const *unit_dirs, const char *service, GError **error)
{
  g_autofree char *conflicts = neo_proxy_conflicts(unit_dirs, service);

  if (conflicts)
    g_set_error(error, NEO_ERROR, NEO_ERROR_CONFIG, "%s: Service: \"%s\" will not work in the namespace; expected a drop-in that changes\n%s",
                path, service, conflicts);
  return !conflicts;
}

static gboolean is_enabled_in(const char *unit_dir, const char *name)
{
  g_autoptr(GDir) entries = g_dir_open(unit_dir, 0, NULL);
  const char *entry;

  while (entries && (entry = g_dir_read_name(entries))) {
    g_autofree char *path = g_strdup_printf("%s/%s/neo-netns@%s.service", unit_dir, entry, name);
    if ((g_str_has_suffix(entry, ".wants") || g_str_has_suffix(entry, ".requires")) &&
        g_file_test(path, G_FILE_TEST_IS_SYMLINK))
      return TRUE;
  }
  return FALSE;
}

/* One that is up counts too: "systemctl disable --now" disables first, and must find the ties when it stops. */
static gboolean is_used(const char *const *unit_dirs, const char *run_dir, const char *name)
{
  g_autofree char *state = g_build_filename(run_dir, name, "state", NULL);

  if (g_file_test(state, G_FILE_TEST_EXISTS))
    return TRUE;
  for (guint i = 0; unit_dirs[i]; i++)
    if (is_enabled_in(unit_dirs[i], name))
      return TRUE;
  return FALSE;
}

typedef struct {
  const char *conf_dir, *out;
  const char *const *unit_dirs;
  guint announced_max;
  GHashTable *services; /* those that have a namespace */
} Dropins;

static gboolean write_proxy(const Dropins *dropins, const char *name, GError **error)
{
  const char *out = dropins->out;
  GHashTable *services = dropins->services;
  g_autofree char *path = g_strdup_printf("%s/%s.conf", dropins->conf_dir, name), *service = NULL;
  g_autoptr(NeoProxyConfig) config = neo_proxy_config_load(path, NULL, &service, error);

  if (config)
    service = g_steal_pointer(&config->service);
  if (service && g_hash_table_contains(services, service)) {
    g_clear_error(error);
    g_set_error(error, NEO_ERROR, NEO_ERROR_CONFIG,
                "%s: Service: \"%s\" has a namespace already; expected one for each", path, service);
    return FALSE;
  }
  if (service && !write_service(out, name, service, config ? error : NULL))
    return FALSE;
  if (service)
    g_hash_table_add(services, g_strdup(service));
  return config && write_owner(out, name, config, dropins->announced_max, error) &&
         check_conflicts(path, dropins->unit_dirs, service, error);
}

static int compare_names(gconstpointer a, gconstpointer b)
{
  return g_strcmp0(*(const char *const *)a, *(const char *const *)b);
}

/* In the order of their names, so that the same files give the same units. */
static GPtrArray *list_names(const char *conf_dir)
{
  g_autoptr(GDir) entries = g_dir_open(conf_dir, 0, NULL);
  GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
  const char *entry;

  while (entries && (entry = g_dir_read_name(entries)))
    if (*entry != '.' && g_str_has_suffix(entry, ".conf"))
      g_ptr_array_add(names, g_strndup(entry, strlen(entry) - strlen(".conf")));
  g_ptr_array_sort(names, compare_names);
  return names;
}

GPtrArray *neo_proxy_dropins(const char *conf_dir, const char *const *unit_dirs, const char *run_dir, guint announced_max,
                             const char *out)
{
  g_autoptr(GPtrArray) names = list_names(conf_dir);
  g_autoptr(GHashTable) services = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  Dropins dropins = { conf_dir, out, unit_dirs, announced_max, services };
  GPtrArray *complaints = g_ptr_array_new_with_free_func((GDestroyNotify)g_error_free);

  for (guint i = 0; i < names->len; i++) {
    g_autoptr(GError) error = NULL;
    const char *name = names->pdata[i];
    if (!neo_proxy_name_valid(name))
      g_set_error(&error, NEO_ERROR, NEO_ERROR_CONFIG,
                  "%s/%s.conf: not a name for a proxy; expected 1 to 11 of a-z, A-Z, 0-9, _ and -", conf_dir, name);
    else if (is_used(unit_dirs, run_dir, name))
      write_proxy(&dropins, name, &error);
    if (error)
      g_ptr_array_add(complaints, g_steal_pointer(&error));
  }
  return complaints;
}
