/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <unistd.h>

#include "cli/verbs.h"
#include "common/error.h"

/* Becomes @program with @first (may be NULL) and the arguments behind the verb. Returns only on failure. */
static gboolean become(const char *program, const char *first, int argc, char **argv, GError **error)
{
  g_autofree char *path = g_build_filename(NEO_LIBEXECDIR, program, NULL);
  g_autoptr(GPtrArray) arguments = g_ptr_array_new();

  g_ptr_array_add(arguments, (gpointer)program);
  if (first)
    g_ptr_array_add(arguments, (gpointer)first);
  for (int i = 1; i < argc; i++)
    g_ptr_array_add(arguments, argv[i]);
  g_ptr_array_add(arguments, NULL);
  execv(path, (char **)arguments->pdata);
  if (errno != ENOENT)
    return neo_error_set_errno(error, errno, "%s", path);
  g_set_error(error, NEO_ERROR, NEO_ERROR_UNSUPPORTED, "%s is not installed on this host", program);
  return FALSE;
}

gboolean neo_relay_main(const NeoVerb *verb, int argc, char **argv, GError **error)
{
  return become("neo-relay", NULL, argc, argv, error);
}

gboolean neo_race_main(const NeoVerb *verb, int argc, char **argv, GError **error)
{
  return become("neo-racer", "--race", argc, argv, error);
}
