/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <locale.h>

#include "cli/verbs.h"
#include "common/log.h"

int main(int argc, char **argv)
{
  g_autoptr(GError) error = NULL;

  setlocale(LC_CTYPE, "");
  neo_log_init("neo");
  return neo_verbs_run(argc, argv, &error) ? neo_verbs_exit_code() : neo_log_failure(error);
}
