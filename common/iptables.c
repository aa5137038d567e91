/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/iptables.h"

#include "common/nft-table.h"
#include "common/process.h"

#define WAIT "--wait=30"

static const struct {
  sa_family_t family;
  const char *save, *restore;
} programs[NEO_IPTABLES_N] = {
  [NEO_IPTABLES_4] = { AF_INET, "iptables-save", "iptables-restore" },
  [NEO_IPTABLES_6] = { AF_INET6, "ip6tables-save", "ip6tables-restore" },
};

NeoIptables neo_iptables_of(sa_family_t family)
{
  return family == AF_INET ? NEO_IPTABLES_4 : NEO_IPTABLES_6;
}

sa_family_t neo_iptables_family(NeoIptables which)
{
  return programs[which].family;
}

const char *neo_iptables_restore_name(NeoIptables which)
{
  return programs[which].restore;
}

NeoIptablesSaved *neo_iptables_save(NeoIptables which, GError **error)
{
  const char *const argv[] = { programs[which].save, NULL };
  g_autofree char *text = NULL;

  return neo_process_run(argv, NULL, &text, error) ? neo_iptables_saved_parse(text) : NULL;
}

static gboolean restore(NeoIptables which, const char *text, gboolean keep, gboolean only_test, GError **error)
{
  const char *argv[5] = { programs[which].restore, WAIT };
  guint n = 2;

  if (keep)
    argv[n++] = "--noflush";
  if (only_test)
    argv[n++] = "--test";
  return neo_process_run(argv, text, NULL, error);
}

static gboolean restore_all(char *const *texts, gboolean keep, GError **error)
{
  for (int only_test = 1; only_test >= 0; only_test--)
    for (NeoIptables which = 0; which < NEO_IPTABLES_N; which++)
      if (texts[which] && !restore(which, texts[which], keep, only_test, error))
        return FALSE;
  return TRUE;
}

gboolean neo_iptables_load(char *const texts[static NEO_IPTABLES_N], GError **error)
{
  return restore_all(texts, TRUE, error);
}

gboolean neo_iptables_replace(char *const texts[static NEO_IPTABLES_N], GError **error)
{
  return restore_all(texts, FALSE, error);
}

static void tidy(NeoIptables which, const NeoIptablesBase *bases, gsize n)
{
  g_autoptr(NeoIptablesSaved) saved = neo_iptables_save(which, NULL);

  if (!saved)
    return;
  for (gsize i = 0; i < n; i++)
    if (neo_iptables_saved_is_left_over(saved, &bases[i])) {
      neo_nft_delete_empty(programs[which].family, bases[i].table, bases[i].chain);
      neo_nft_delete_empty(programs[which].family, bases[i].table, NULL);
    }
}

gboolean neo_iptables_unload(char *const texts[static NEO_IPTABLES_N], const NeoIptablesBase *bases, gsize n,
                             GError **error)
{
  if (!neo_iptables_load(texts, error))
    return FALSE;
  for (NeoIptables which = 0; which < NEO_IPTABLES_N; which++)
    if (texts[which])
      tidy(which, bases, n);
  return TRUE;
}
