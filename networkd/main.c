/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>
#include <sysexits.h>

#include "common/error.h"
#include "common/log.h"
#include "common/options.h"
#include "networkd/files.h"
#include "networkd/generate.h"
#include "networkd/links.h"
#include "networkd/mac.h"

typedef struct {
  char *root;
  gboolean remove;
  char *output_dir;
  char *machine_id;
  NeoPathsConf conf;
} Generator;

static void generator_clear(Generator *generator)
{
  g_free(generator->root);
  g_free(generator->output_dir);
  g_free(generator->machine_id);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Generator, generator_clear)

static void gather(GString *complaints, const GError *error)
{
  g_string_append_printf(complaints, "%s%s", complaints->len ? "\n" : "", error->message);
}

static void read_parent(const Generator *generator, const char *path, GPtrArray *parents, GString *complaints)
{
  g_autofree char *text = NULL;
  g_autoptr(GError) error = NULL;
  NeoParentContext context = { generator->root, generator->conf.tables, parents };

  if (!g_file_get_contents(path, &text, NULL, &error)) {
    gather(complaints, error);
    return;
  }
  if (!neo_parent_is_in(text))
    return;
  NeoParent *parent = neo_parent_parse(path, text, &context, &error);
  if (parent)
    g_ptr_array_add(parents, parent);
  else
    gather(complaints, error);
}

/* All parents of the host, or NULL with all complaints of all files. */
static GPtrArray *read_parents(const Generator *generator, GError **error)
{
  g_autoptr(GPtrArray) parents = g_ptr_array_new_with_free_func((GDestroyNotify)neo_parent_free);
  g_autoptr(GPtrArray) paths = neo_files_find(generator->root);
  g_autoptr(GString) complaints = g_string_new(NULL);

  for (guint i = 0; i < paths->len; i++)
    read_parent(generator, paths->pdata[i], parents, complaints);
  if (complaints->len == 0)
    return g_steal_pointer(&parents);
  g_set_error_literal(error, NEO_ERROR, NEO_ERROR_CONFIG, complaints->str);
  return NULL;
}

/* The address in the file that an earlier run wrote, so that a random address lasts until the next start of the host. */
static char *earlier_mac(const char *output_dir, const char *name)
{
  g_autofree char *file = g_strdup_printf("10-neo-%s.netdev", name), *path = g_build_filename(output_dir, file, NULL);
  g_autoptr(GKeyFile) earlier = g_key_file_new();

  if (!g_key_file_load_from_file(earlier, path, G_KEY_FILE_NONE, NULL))
    return NULL;
  g_autofree char *mac = g_key_file_get_string(earlier, "NetDev", "MACAddress", NULL);
  return mac && neo_mac_is_valid(mac) ? g_steal_pointer(&mac) : NULL;
}

static char *mac_of(const NeoParent *parent, guint position, const char *name, gpointer data)
{
  const Generator *generator = data;

  if (parent->mac_source == NEO_MAC_FILE)
    return g_strdup(parent->macs->pdata[position]);
  if (parent->mac_source == NEO_MAC_STABLE)
    return neo_mac_stable(generator->machine_id, name);
  char *earlier = earlier_mac(generator->output_dir, name);
  return earlier ? earlier : neo_mac_random();
}

static gboolean needs_machine_id(const GPtrArray *parents)
{
  for (guint i = 0; i < parents->len; i++)
    if (((const NeoParent *)parents->pdata[i])->mac_source == NEO_MAC_STABLE)
      return TRUE;
  return FALSE;
}

/* machine-id(5): 32 hexadecimal digits; "uninitialized" before the first start. */
static gboolean read_machine_id(Generator *generator, GError **error)
{
  g_autofree char *path = g_build_filename(generator->root, "etc/machine-id", NULL);
  g_autofree char *text = NULL;

  if (g_file_get_contents(path, &text, NULL, NULL) && strspn(g_strchomp(text), "0123456789abcdef") == 32) {
    generator->machine_id = g_steal_pointer(&text);
    return TRUE;
  }
  g_set_error(error, NEO_ERROR, NEO_ERROR_CONFIG, "%s: no machine id; expected one, or MACAddress=random in [X-Neo]", path);
  return FALSE;
}

static GPtrArray *generate_all(Generator *generator, const GPtrArray *parents)
{
  GPtrArray *files = g_ptr_array_new_with_free_func((GDestroyNotify)neo_generated_free);

  for (guint i = 0; i < parents->len; i++)
    g_ptr_array_extend_and_steal(files, neo_generate(parents->pdata[i], mac_of, generator));
  return files;
}

static gboolean run(Generator *generator, GError **error)
{
  g_autofree char *conf_path = g_build_filename(generator->root, NEO_CONFDIR, "paths.conf", NULL);
  g_autoptr(GPtrArray) parents = NULL, removed = NULL;

  if (!generator->remove && !neo_paths_conf_load(conf_path, &generator->conf, error))
    return FALSE;
  parents = generator->remove ? g_ptr_array_new() : read_parents(generator, error);
  if (!parents || (needs_machine_id(parents) && !read_machine_id(generator, error)))
    return FALSE;
  g_autoptr(GPtrArray) files = generate_all(generator, parents);
  if (!neo_files_update(generator->output_dir, files, &removed, error))
    return FALSE;
  /* Below another root there are no interfaces to speak of. */
  return !g_str_equal(generator->root, "/") || neo_links_delete(removed, error);
}

static gboolean parse_arguments(int argc, char **argv, Generator *generator, GError **error)
{
  const GOptionEntry entries[] = {
    { "root", 0, 0, G_OPTION_ARG_FILENAME, &generator->root, "Read and write files below DIRECTORY instead of /", "DIRECTORY" },
    { "remove", 0, 0, G_OPTION_ARG_NONE, &generator->remove, "Remove what earlier runs wrote, and the interfaces made of it", NULL },
    { NULL },
  };

  if (!neo_options_parse(argc, argv, entries, "Writes .netdev and .network files for sections [X-Neo]; see neo-network-generator(8).", error))
    return FALSE;
  if (!generator->root)
    generator->root = g_strdup("/");
  return TRUE;
}

int main(int argc, char **argv)
{
  g_auto(Generator) generator = { 0 };
  g_autoptr(GError) error = NULL;

  neo_log_init("neo-network-generator");
  if (!parse_arguments(argc, argv, &generator, &error))
    return neo_log_failure(error);
  generator.output_dir = neo_files_output_dir(generator.root);
  return run(&generator, &error) ? EX_OK : neo_log_failure(error);
}
