/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/error.h"
#include "common/options.h"

static gboolean parse(const char *line, gboolean *ret_quiet, char ***ret_rest, GError **error)
{
  const GOptionEntry options[] = { { "quiet", 'q', 0, G_OPTION_ARG_NONE, ret_quiet, "", NULL }, { NULL } };
  const GOptionEntry with_rest[] = { options[0], { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, ret_rest, "", NULL }, { NULL } };
  g_auto(GStrv) words = g_strsplit(line, " ", -1);
  /* GLib moves the words of its argument about. */
  g_autofree char **argv = g_memdup2(words, (g_strv_length(words) + 1) * sizeof(char *));

  return neo_options_parse(g_strv_length(words), argv, ret_rest ? with_rest : options, "", error);
}

static void test_options(void)
{
  gboolean quiet = FALSE;
  g_auto(GStrv) rest = NULL;

  g_assert_true(parse("program", &quiet, NULL, NULL));
  g_assert_false(quiet);
  g_assert_true(parse("program -q a b", &quiet, &rest, NULL));
  g_assert_true(quiet);
  g_assert_cmpstr(rest[1], ==, "b");
}

static void test_refused(void)
{
  gboolean quiet = FALSE;
  g_autoptr(GError) stray = NULL, wrong = NULL;

  g_assert_false(parse("program stray -q", &quiet, NULL, &stray));
  g_assert_error(stray, NEO_ERROR, NEO_ERROR_USAGE);
  g_assert_cmpstr(stray->message, ==, "unexpected argument \"stray\"; expected options only, see --help");
  g_assert_false(parse("program --loud", &quiet, NULL, &wrong));
  g_assert_cmpint(neo_error_exit_code(wrong), ==, 64);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/options/good", test_options);
  g_test_add_func("/options/refused", test_refused);
  return g_test_run();
}
