/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "networkd/parent.h"

#include <net/if.h>
#include <string.h>

#include "common/config.h"
#include "common/error.h"
#include "networkd/mac.h"

const char *const neo_macvlan_modes[] = { "bridge", "private", "vepa", "passthru", NULL };
const char *const neo_dhcp_values[] = { "no", "yes", "ipv4", "ipv6", NULL };

#define DHCP_IPV4 2
#define MODE_PASSTHRU 3
#define MAX_PATHS 250

/* What a file is read into: the parent and what to hold it against. */
typedef struct {
  NeoParent parent;
  char *mac; /* as it stands in the file */
  const NeoParentContext *context;
} Reading;

typedef struct {
  GPtrArray *names;
} Match;

/* --- Values --- */

/* As the kernel's dev_valid_name(), and short enough for three digits behind it. */
static gboolean parse_prefix(const NeoConfigKey *key, const char *value, gpointer field, NeoConfigProblem *problem)
{
  char **prefix = field;

  if (strlen(value) > IFNAMSIZ - 4 || !g_str_is_ascii(value) || strpbrk(value, "/: \t%*?[]!.")) {
    *problem = (NeoConfigProblem){ "not the beginning of an interface name", "at most 12 letters and digits, such as neo" };
    return FALSE;
  }
  g_free(*prefix);
  *prefix = g_strdup(value);
  return TRUE;
}

static gboolean parse_mac(const NeoConfigKey *key, const char *value, gpointer field, NeoConfigProblem *problem)
{
  if (!g_str_equal(value, "stable") && !g_str_equal(value, "random") && !g_path_is_absolute(value)) {
    *problem = (NeoConfigProblem){ "unknown value", "stable, random or the absolute path of a file with an address in each line" };
    return FALSE;
  }
  return neo_config_string(key, value, field, problem);
}

/* --- What several keys or files say together --- */

static void check_tables(Reading *reading, NeoConfigReport *report)
{
  const NeoParent *parent = &reading->parent;
  guint32 last = parent->first_table + parent->paths - 1;
  g_autofree char *shown = g_strdup_printf("%u-%u", parent->first_table, last);
  g_autofree char *range = g_strdup_printf("tables inside %u-%u, see neo-paths.conf(5)", reading->context->tables.first, reading->context->tables.last);

  if (parent->first_table < reading->context->tables.first || last > reading->context->tables.last)
    neo_config_report(report, "Tables", shown, "outside the range of path tables", range);
  for (guint i = 0; i < reading->context->others->len; i++) {
    const NeoParent *other = reading->context->others->pdata[i];
    g_autofree char *expected = g_strdup_printf("tables that %s does not use", other->file);
    if (parent->first_table < other->first_table + other->paths && other->first_table <= last)
      neo_config_report(report, "Tables", shown, "used twice", expected);
  }
}

static void check_prefix(Reading *reading, NeoConfigReport *report)
{
  for (guint i = 0; i < reading->context->others->len; i++) {
    const NeoParent *other = reading->context->others->pdata[i];
    g_autofree char *expected = g_strdup_printf("another one than that of %s", other->file);
    if (g_str_equal(reading->parent.prefix, other->prefix))
      neo_config_report(report, "Prefix", other->prefix, "used twice", expected);
  }
}

static void check_macs(Reading *reading, NeoConfigReport *report)
{
  NeoParent *parent = &reading->parent;
  g_autoptr(GError) why = NULL;

  if (!reading->mac || !g_path_is_absolute(reading->mac)) {
    parent->mac_source = reading->mac && g_str_equal(reading->mac, "random") ? NEO_MAC_RANDOM : NEO_MAC_STABLE;
    return;
  }
  g_autofree char *path = g_build_filename(reading->context->root, reading->mac, NULL);
  parent->mac_source = NEO_MAC_FILE;
  parent->macs = neo_mac_read_file(path, parent->paths, &why);
  if (!parent->macs)
    neo_config_report(report, "MACAddress", reading->mac, why->message, "a file with an address in each line, one for each path");
}

static void check_parent(gpointer data, NeoConfigReport *report)
{
  Reading *reading = data;

  check_tables(reading, report);
  check_prefix(reading, report);
  check_macs(reading, report);
  if (reading->parent.mode == MODE_PASSTHRU && reading->parent.paths > 1)
    neo_config_report(report, "Mode", "passthru", "more than one path with", "another mode, or Paths=1: the kernel takes one macvlan of this mode");
}

static void check_match(gpointer data, NeoConfigReport *report)
{
  const GPtrArray *names = ((Match *)data)->names;
  static const char expected[] = "the name of one interface, as a macvlan has one parent";

  if (!names) {
    neo_config_report(report, "Name", NULL, "missing in [Match]", expected);
    return;
  }
  if (names->len > 1)
    neo_config_report(report, "Name", names->pdata[1], "a second interface", expected);
  if (strpbrk(names->pdata[0], "*?[!"))
    neo_config_report(report, "Name", names->pdata[0], "a pattern", expected);
}

/* --- Files --- */

static gboolean read_match(const char *path, const char *text, char **ret_name, GError **error)
{
  static const NeoConfigKey keys[] = {
    { "Name", neo_config_strings, G_STRUCT_OFFSET(Match, names), NEO_CONFIG_LIST },
    { NULL },
  };
  static const NeoConfigSchema schema = {
    .section = "Match", .keys = keys, .foreign_sections = TRUE, .foreign_keys = TRUE, .check = check_match,
  };
  Match match = { NULL };
  gboolean right = neo_config_parse(path, text, &schema, &match, error);
  g_autoptr(GPtrArray) names = match.names;

  if (right)
    *ret_name = g_strdup(names->pdata[0]);
  return right;
}

static gboolean read_section(const char *path, const char *text, Reading *reading, GError **error)
{
  static const NeoConfigKey keys[] = {
    { "Paths", neo_config_uint, G_STRUCT_OFFSET(Reading, parent.paths), NEO_CONFIG_REQUIRED, .min = 1, .max = MAX_PATHS },
    { "Tables", neo_config_uint, G_STRUCT_OFFSET(Reading, parent.first_table), .min = 1, .max = G_MAXUINT32 - MAX_PATHS },
    { "Mode", neo_config_enum, G_STRUCT_OFFSET(Reading, parent.mode), .data = neo_macvlan_modes },
    { "Prefix", parse_prefix, G_STRUCT_OFFSET(Reading, parent.prefix) },
    { "MACAddress", parse_mac, G_STRUCT_OFFSET(Reading, mac) },
    { "Dhcp", neo_config_enum, G_STRUCT_OFFSET(Reading, parent.dhcp), .data = neo_dhcp_values },
    { "IPv6", neo_config_bool, G_STRUCT_OFFSET(Reading, parent.ipv6) },
    { NULL },
  };
  static const NeoConfigSchema schema = { .section = "X-Neo", .keys = keys, .foreign_sections = TRUE, .check = check_parent };

  return neo_config_parse(path, text, &schema, reading, error);
}

gboolean neo_parent_is_in(const char *text)
{
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

  for (char **line = lines; *line; line++)
    if (g_str_equal(g_strstrip(*line), "[X-Neo]"))
      return TRUE;
  return FALSE;
}

static gboolean join_errors(GError *first, GError *second, GError **error)
{
  if (!first && !second)
    return TRUE;
  g_set_error(error, NEO_ERROR, NEO_ERROR_CONFIG, "%s%s%s", first ? first->message : "", first && second ? "\n" : "", second ? second->message : "");
  return FALSE;
}

NeoParent *neo_parent_parse(const char *path, const char *text, const NeoParentContext *context, GError **error)
{
  Reading reading = {
    .parent = { .file = g_path_get_basename(path), .first_table = context->tables.first + 1, .prefix = g_strdup("neo"), .dhcp = DHCP_IPV4, .ipv6 = TRUE },
    .context = context,
  };
  g_autoptr(GError) in_match = NULL, in_section = NULL;

  read_match(path, text, &reading.parent.name, &in_match);
  read_section(path, text, &reading, &in_section);
  g_free(reading.mac);
  g_autoptr(NeoParent) parent = g_new0(NeoParent, 1);
  *parent = reading.parent;
  return join_errors(in_match, in_section, error) ? g_steal_pointer(&parent) : NULL;
}

void neo_parent_free(NeoParent *parent)
{
  if (!parent)
    return;
  g_free(parent->file);
  g_free(parent->name);
  g_free(parent->prefix);
  g_clear_pointer(&parent->macs, g_ptr_array_unref);
  g_free(parent);
}
