/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/config.h"

#include <string.h>

#include "common/error.h"

/* A file of Neo is some lines; a limit keeps a wrong path (a disk image, /dev/zero) from eating memory. */
#define MAX_FILE_SIZE (1024 * 1024)

struct NeoConfigReport {
  const char *file;
  const NeoConfigSchema *schema;
  gpointer data;
  GArray *lines; /* guint for each key of the schema: the line that set it first, or 0 */
  GString *complaints;
  gboolean in_section, section_seen;
};

static void complain(NeoConfigReport *report, guint line, const char *format, ...) G_GNUC_PRINTF(3, 4);

static void complain(NeoConfigReport *report, guint line, const char *format, ...)
{
  va_list args;

  g_string_append(report->complaints, report->complaints->len ? "\n" : "");
  g_string_append(report->complaints, report->file);
  if (line)
    g_string_append_printf(report->complaints, ":%u", line);
  g_string_append(report->complaints, ": ");
  va_start(args, format);
  g_string_append_vprintf(report->complaints, format, args);
  va_end(args);
}

/* What a file holds may be anything; a message stays one line of valid UTF-8. */
static char *printable(const char *value)
{
  g_autofree char *valid = g_utf8_make_valid(value, -1);
  return g_strescape(valid, NULL);
}

static void complain_value(NeoConfigReport *report, guint line, const char *key, const char *value,
                           const char *what, const char *expected)
{
  g_autofree char *shown = printable(value);
  complain(report, line, "%s: %s \"%s\"; expected %s", key, what, shown, expected);
}

static const NeoConfigKey *find_key(const NeoConfigReport *report, const char *name, guint *ret_index)
{
  for (guint i = 0; report->schema->keys[i].name; i++)
    if (g_str_equal(report->schema->keys[i].name, name)) {
      *ret_index = i;
      return &report->schema->keys[i];
    }
  return NULL;
}

static guint *line_of(const NeoConfigReport *report, guint index)
{
  return &g_array_index(report->lines, guint, index);
}

void neo_config_report(NeoConfigReport *report, const char *key, const char *value, const char *what, const char *expected)
{
  guint index = 0;
  guint line = find_key(report, key, &index) ? *line_of(report, index) : 0;

  if (value)
    complain_value(report, line, key, value, what, expected);
  else
    complain(report, line, "%s: %s; expected %s", key, what, expected);
}

gboolean neo_config_report_has(const NeoConfigReport *report, const char *key)
{
  guint index;
  return find_key(report, key, &index) && *line_of(report, index) > 0;
}

static void parse_word(NeoConfigReport *report, guint line, const NeoConfigKey *key, const char *value)
{
  NeoConfigProblem problem = { "wrong value", "another one" };

  if (!key->parse(key, value, (char *)report->data + key->offset, &problem))
    complain_value(report, line, key->name, value, problem.what, problem.expected);
}

static void parse_list(NeoConfigReport *report, guint line, const NeoConfigKey *key, const char *value)
{
  g_auto(GStrv) words = g_strsplit_set(value, " \t,", -1);

  for (char **word = words; *word; word++)
    if (**word)
      parse_word(report, line, key, *word);
}

static char *known_keys(const NeoConfigReport *report)
{
  GString *names = g_string_new(NULL);

  for (const NeoConfigKey *key = report->schema->keys; key->name; key++)
    if (!key->instead)
      g_string_append_printf(names, "%s%s", names->len ? ", " : "", key->name);
  return g_string_free(names, FALSE);
}

static gboolean is_foreign(const NeoConfigSchema *schema, const char *name)
{
  return schema->foreign_keys && !(schema->own_prefix && g_str_has_prefix(name, schema->own_prefix));
}

/* The key that is read, which is another one in a file that was written before @name was removed. */
static const NeoConfigKey *find_current_key(const NeoConfigReport *report, guint line, const char *name, guint *ret_index)
{
  const NeoConfigKey *key = find_key(report, name, ret_index);

  if (!key || !key->instead)
    return key;
  g_warning("%s:%u: %s: was removed; read as %s, which took its place", report->file, line, name, key->instead);
  return find_key(report, key->instead, ret_index);
}

static void assign(NeoConfigReport *report, guint line, const char *name, const char *value)
{
  guint index = 0;
  const NeoConfigKey *key = find_current_key(report, line, name, &index);

  if (!key && is_foreign(report->schema, name))
    return;
  if (!key) {
    g_autofree char *known = known_keys(report), *shown = printable(name);
    complain(report, line, "%s: unknown key; expected one of %s", shown, known);
    return;
  }
  if (*line_of(report, index) && !(key->flags & NEO_CONFIG_LIST)) {
    complain(report, line, "%s: given twice (first in line %u); expected once", key->name, *line_of(report, index));
    return;
  }
  if (!*line_of(report, index))
    *line_of(report, index) = line;
  if (!*value)
    complain(report, line, "%s: no value; expected one, or no such line", key->name);
  else if (key->flags & NEO_CONFIG_LIST)
    parse_list(report, line, key, value);
  else
    parse_word(report, line, key, value);
}

static void open_section(NeoConfigReport *report, guint line, char *text)
{
  char *end = strchr(text, ']');

  if (!end || end[1]) {
    g_autofree char *shown = printable(text);
    complain(report, line, "section: not closed in \"%s\"; expected [%s]", shown, report->schema->section);
    report->in_section = FALSE;
    return;
  }
  *end = '\0';
  report->in_section = g_str_equal(text + 1, report->schema->section);
  report->section_seen |= report->in_section;
  if (!report->in_section && !report->schema->foreign_sections)
    complain_value(report, line, "section", text + 1, "unknown", report->schema->section);
}

static void parse_line(NeoConfigReport *report, guint line, char *text)
{
  g_strstrip(text);
  if (!*text || *text == '#' || *text == ';')
    return;
  if (*text == '[') {
    open_section(report, line, text);
    return;
  }
  if (!report->in_section) {
    /* The lines of an unknown section were complained of once, with its name. */
    if (!report->section_seen && !report->schema->foreign_sections && report->complaints->len == 0)
      complain_value(report, line, "section", text, "none before", report->schema->section);
    return;
  }
  char *equals = strchr(text, '=');
  if (!equals) {
    complain_value(report, line, "line", text, "no \"=\" in", "Key=value");
    return;
  }
  *equals = '\0';
  assign(report, line, g_strchomp(text), g_strchug(equals + 1));
}

static gboolean continues(const char *text)
{
  gsize length = strlen(text);
  return length > 0 && text[length - 1] == '\\';
}

static void parse_lines(NeoConfigReport *report, const char *text)
{
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

  for (guint i = 0; lines[i]; i++) {
    guint first = i + 1;
    g_autoptr(GString) whole = g_string_new(lines[i]);
    while (continues(whole->str) && lines[i + 1]) {
      whole->str[whole->len - 1] = ' ';
      g_string_append(whole, lines[++i]);
    }
    parse_line(report, first, whole->str);
  }
}

static void check_required(NeoConfigReport *report)
{
  guint index = 0;

  for (const NeoConfigKey *key = report->schema->keys; key->name; key++, index++)
    if (key->flags & NEO_CONFIG_REQUIRED && !*line_of(report, index))
      complain(report, 0, "%s: missing; expected a line %s=... in section [%s]", key->name, key->name, report->schema->section);
}

static guint count_keys(const NeoConfigSchema *schema)
{
  guint n = 0;
  while (schema->keys[n].name)
    n++;
  return n;
}

gboolean neo_config_parse(const char *name, const char *text, const NeoConfigSchema *schema, gpointer data, GError **error)
{
  g_autoptr(GArray) lines = g_array_sized_new(FALSE, TRUE, sizeof(guint), count_keys(schema) + 1);
  g_autoptr(GString) complaints = g_string_new(NULL);
  NeoConfigReport report = { name, schema, data, lines, complaints };

  g_array_set_size(lines, count_keys(schema) + 1);
  parse_lines(&report, text);
  if (complaints->len == 0)
    check_required(&report);
  if (complaints->len == 0 && schema->check)
    schema->check(data, &report);
  if (complaints->len == 0)
    return TRUE;
  g_set_error_literal(error, NEO_ERROR, NEO_ERROR_CONFIG, complaints->str);
  return FALSE;
}

static gboolean read_file(const char *path, char **ret_text, GError **error)
{
  g_autoptr(GError) why = NULL;
  g_autofree char *text = NULL;
  gsize length = 0;

  if (!g_file_test(path, G_FILE_TEST_EXISTS)) {
    g_set_error(error, NEO_ERROR, NEO_ERROR_CONFIG, "%s: no such file; expected a readable configuration file", path);
    return FALSE;
  }
  if (!g_file_test(path, G_FILE_TEST_IS_REGULAR) || !g_file_get_contents(path, &text, &length, &why)) {
    g_set_error(error, NEO_ERROR, NEO_ERROR_CONFIG, "%s: %s; expected a readable configuration file", path,
                why ? why->message : "not a regular file");
    return FALSE;
  }
  if (length > MAX_FILE_SIZE || memchr(text, '\0', length)) {
    g_set_error(error, NEO_ERROR, NEO_ERROR_CONFIG, "%s: too large or not text; expected a configuration file", path);
    return FALSE;
  }
  *ret_text = g_steal_pointer(&text);
  return TRUE;
}

gboolean neo_config_load(const char *path, const NeoConfigSchema *schema, gpointer data, GError **error)
{
  g_autofree char *text = NULL;

  return read_file(path, &text, error) && neo_config_parse(path, text, schema, data, error);
}
