/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "cli/path-request.h"
#include "cli/path-status.h"
#include "cli/profile.h"
#include "cli/verbs.h"
#include "common/error.h"

static const NeoTables tables = { 1000, 1999 };

static NeoPathRequest request_of(const char *parent, const char *prefix, int count, int first_table)
{
  return (NeoPathRequest){ .parent = (char *)parent, .prefix = (char *)prefix, .count = count, .first_table = first_table };
}

static void assert_refused(gboolean accepted, GError *error, const char *begin)
{
  g_assert_false(accepted);
  g_assert_error(error, NEO_ERROR, NEO_ERROR_USAGE);
  if (!g_str_has_prefix(error->message, begin))
    g_error("\"%s\" does not begin with \"%s\"", error->message, begin);
}

static void test_request(void)
{
  static const struct {
    const char *parent, *prefix;
    int count, first_table;
    gboolean force;
    const char *complaint; /* its start; NULL: accepted */
  } rows[] = {
    { "ens3", "neo", 1, 1000, FALSE, NULL },
    { "ens3", "neo", 64, 1001, FALSE, NULL },
    { "ens3", "neo", 65, 1001, FALSE, "--count: 65 paths take 65 addresses" },
    { "ens3", "neo", 65, 1001, TRUE, NULL },
    { "ens3", "neo", 250, 1750, TRUE, NULL },
    { "ens3", "neo", 250, 1751, TRUE, "--tables: 1751-2000 for 250 paths; expected tables inside 1000-1999" },
    { "ens3", "neo", 251, 1001, TRUE, "--count: not in range \"251\"" },
    { "ens3", "neo", 0, 1001, FALSE, "--count: not in range \"0\"; expected 1 to 64" },
    { "ens3", "neo", -1, 1001, TRUE, "--count: not in range \"-1\"" },
    { "ens3", "neo", 1, 999, FALSE, "--tables: 999-999" },
    { "ens3", "neo", 1, 0, FALSE, "--tables: 0-0" },
    { "ens3", "neo", 2, 1999, FALSE, "--tables: 1999-2000" },
    { "ens3", "neo", 2, G_MAXINT, FALSE, "--tables: 2147483647-2147483648" },
    { NULL, "neo", 1, 1001, FALSE, "--parent: missing" },
    { "", "neo", 1, 1001, FALSE, "--parent: missing" },
    { "ens3", "", 1, 1001, FALSE, "--prefix: not the start" },
    { "ens3", "a b", 1, 1001, FALSE, "--prefix: not the start" },
    { "ens3", "a/b", 1, 1001, FALSE, "--prefix: not the start" },
    { "ens3", "-a", 1, 1001, FALSE, "--prefix: not the start" },
    { "ens3", "a-b_C9", 1, 1001, FALSE, NULL },
    { "ens3", "abcdefghijklmn", 9, 1001, FALSE, NULL },
    { "ens3", "abcdefghijklmn", 10, 1001, FALSE, "--prefix: too long" },
  };

  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(GError) error = NULL;
    NeoPathRequest request = request_of(rows[i].parent, rows[i].prefix, rows[i].count, rows[i].first_table);
    request.force = rows[i].force;
    gboolean accepted = neo_path_request_check(&request, &tables, &error);
    if (rows[i].complaint)
      assert_refused(accepted, error, rows[i].complaint);
    else
      g_assert_no_error(error);
  }
}

static void check_free(NeoTaken *taken, const char *prefix, int first_table, const char *complaint)
{
  g_autoptr(GError) error = NULL;
  NeoPathRequest request = request_of("ens3", prefix, 3, first_table);
  gboolean accepted = neo_path_request_check_free(&request, taken, &error);

  if (complaint)
    assert_refused(accepted, error, complaint);
  else
    g_assert_true(accepted);
}

static void test_free(void)
{
  g_autoptr(NeoTaken) taken = neo_taken_new();

  neo_taken_add_name(taken, NULL, "nobody");
  neo_taken_add_table(taken, 0, "nobody");
  check_free(taken, "neo", 1001, NULL);
  neo_taken_add_name(taken, "neo4", "profile \"d\"");
  neo_taken_add_table(taken, 1004, "profile \"d\"");
  check_free(taken, "neo", 1001, NULL);
  check_free(taken, "neo", 1002, "--tables: table 1004 is taken by profile \"d\"; expected 3 free tables");
  check_free(taken, "neo", 1005, NULL);
  neo_taken_add_name(taken, "neo3", "profile \"c\"");
  neo_taken_add_name(taken, "neo3", "an interface");
  check_free(taken, "neo", 1001, "--prefix: name \"neo3\" is taken by profile \"c\"; expected");
  check_free(taken, "way", 1001, NULL);
}

static void test_nmcli(void)
{
  NeoPathRequest request = request_of("ens3", "neo", 2, 1001);
  g_autofree char *plain = neo_path_request_nmcli(&request, 2);

  g_assert_cmpstr(plain, ==,
                  "nmcli connection add type macvlan con-name neo2 ifname neo2 dev ens3 mode bridge ethernet.cloned-mac-address stable "
                  "ipv4.method auto ipv4.route-table 1002 ipv6.method disabled");
  request = request_of("it's", "neo", 2, 1001);
  request.ipv6 = TRUE;
  g_autofree char *quoted = neo_path_request_nmcli(&request, 1);
  g_assert_nonnull(strstr(quoted, " dev 'it'\\''s' mode "));
  g_assert_true(g_str_has_suffix(quoted, " ipv4.route-table 1001 ipv6.method auto ipv6.route-table 1001"));
}

static void test_profile(void)
{
  NeoPathRequest request = request_of("ens3", "neo", 2, 1001);
  NeoTables others = { 2000, 2999 };
  g_autoptr(GError) error = NULL;
  g_autoptr(NMConnection) profile = neo_profile_new(&request, 2);

  g_assert_true(nm_connection_verify(profile, &error));
  g_assert_cmpstr(nm_connection_get_id(profile), ==, "neo2");
  g_assert_cmpuint(neo_profile_path_table(profile, &tables), ==, 1002);
  g_assert_cmpuint(neo_profile_path_table(profile, &others), ==, 0);
  g_assert_cmpuint(neo_profile_table6(profile), ==, 0);
  g_object_set(nm_connection_get_setting_ip6_config(profile), NM_SETTING_IP_CONFIG_ROUTE_TABLE, 2007, NULL);
  g_assert_cmpuint(neo_profile_path_table(profile, &others), ==, 2007);
  g_object_set(nm_connection_get_setting_connection(profile), NM_SETTING_CONNECTION_TYPE, "dummy", NULL);
  g_assert_cmpuint(neo_profile_path_table(profile, &tables), ==, 0);
}

static NeoPathStatus *status_new(const char *name, const char *address, const char *address6, const char *state)
{
  NeoPathStatus *status = g_new0(NeoPathStatus, 1);

  *status = (NeoPathStatus){ g_strdup(name), g_strdup("u-1"), g_strdup("neo1"), g_strdup("ens3"), 1001,
                             g_ptr_array_new_with_free_func(g_free), state };
  if (address)
    g_ptr_array_add(status->addresses, g_strdup(address));
  if (address6)
    g_ptr_array_add(status->addresses, g_strdup(address6));
  return status;
}

static void test_status(void)
{
  g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func((GDestroyNotify)neo_path_status_free);
  g_autofree char *none = neo_path_status_table(paths), *none_json = neo_path_status_json(paths);

  g_assert_cmpstr(none, ==, "NAME  INTERFACE  TABLE  ADDRESS  STATE\n");
  g_assert_cmpstr(none_json, ==, "[]\n");
  g_ptr_array_add(paths, status_new("W\xc3\xa9g \"1\"", "192.0.2.1", "2001:db8::1", "up"));
  g_ptr_array_add(paths, status_new("b\n", NULL, NULL, "waiting"));
  g_autofree char *table = neo_path_status_table(paths), *json = neo_path_status_json(paths);
  g_assert_cmpstr(table, ==,
                  "NAME     INTERFACE  TABLE  ADDRESS                STATE\n"
                  "W\xc3\xa9g \"1\"  neo1       1001   192.0.2.1,2001:db8::1  up\n"
                  "b?       neo1       1001   -                      waiting\n");
  g_assert_cmpstr(json, ==,
                  "[{\"name\":\"W\xc3\xa9g \\\"1\\\"\",\"uuid\":\"u-1\",\"interface\":\"neo1\",\"parent\":\"ens3\",\"state\":\"up\","
                  "\"table\":1001,\"addresses\":[\"192.0.2.1\",\"2001:db8::1\"]},"
                  "{\"name\":\"b\\u000a\",\"uuid\":\"u-1\",\"interface\":\"neo1\",\"parent\":\"ens3\",\"state\":\"waiting\","
                  "\"table\":1001,\"addresses\":[]}]\n");
}

static void test_verbs(void)
{
  static const char *const unknown[] = { "frob", "paths", "path add", "helpme" };

  for (guint i = 0; i < G_N_ELEMENTS(unknown); i++) {
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) words = g_strsplit(unknown[i], " ", -1);
    char *argv[] = { (char *)"neo", words[0], words[1], NULL };
    g_autofree char *complaint = g_strdup_printf("unknown command \"%s\"; expected status, ", unknown[i]);
    gboolean accepted = neo_verbs_run(words[1] ? 3 : 2, argv, &error);
    assert_refused(accepted, error, complaint);
  }
}

static void check_completion(const char *line, const char *wanted)
{
  g_auto(GStrv) words = g_strsplit(line, " ", -1);
  g_autoptr(GPtrArray) found = neo_verbs_complete(*line ? g_strv_length(words) : 0, words);

  /* Each has a summary, or it is a word that several commands begin with, or an option. */
  for (guint i = 0; i < found->len; i++) {
    char *word = found->pdata[i], *tab = strchr(word, '\t');
    g_assert_true(tab ? strlen(tab) > 10 : g_str_equal(word, "paths") || g_str_has_prefix(word, "--"));
    if (tab)
      *tab = '\0';
  }
  g_ptr_array_add(found, NULL);
  g_autofree char *joined = g_strjoinv(" ", (char **)found->pdata);
  g_assert_cmpstr(joined, ==, wanted);
}

static void test_complete(void)
{
  check_completion("", "status top plot check paths relay race complete help version");
  check_completion("paths", "add list remove");
  check_completion("paths list", "--json");
  check_completion("check", "--role= --proxy= --json");
  check_completion("check --json", "--role= --proxy= --json");
  check_completion("plot", "--interval= --width= --height= --title=");
  check_completion("status", "--all --json --prometheus --output= --seconds=");
  check_completion("frob", "");
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/cli/request", test_request);
  g_test_add_func("/cli/free", test_free);
  g_test_add_func("/cli/nmcli", test_nmcli);
  g_test_add_func("/cli/profile", test_profile);
  g_test_add_func("/cli/status", test_status);
  g_test_add_func("/cli/verbs", test_verbs);
  g_test_add_func("/cli/complete", test_complete);
  return g_test_run();
}
