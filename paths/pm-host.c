/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "paths/pm-host.h"

#include "paths/kinds.h"

static gboolean is_path(const GArray *paths, const NeoLocal *local)
{
  for (guint i = 0; i < paths->len; i++) {
    const NeoPath *path = &g_array_index(paths, NeoPath, i);
    if (path->link == local->link && path->family == local->address.family)
      return TRUE;
  }
  return FALSE;
}

void neo_pm_addresses(const NeoObserved *seen, const GArray *paths, GArray **ret_paths, GArray **ret_locals)
{
  GArray *mine = g_array_new(FALSE, FALSE, sizeof(NeoPmPath)), *all = g_array_new(FALSE, FALSE, sizeof(NeoPmPath));

  for (guint i = 0; i < seen->locals->len; i++) {
    const NeoLocal *local = &g_array_index(seen->locals, NeoLocal, i);
    const NeoLink *link = neo_observed_link(seen, local->link);
    NeoPmPath path = { local->address, local->link };
    if (!link || !link->running)
      continue;
    g_array_append_val(all, path);
    if (is_path(paths, local) && !local->deprecated && !local->temporary && !neo_address_nowhere(&local->address))
      g_array_append_val(mine, path);
  }
  *ret_paths = mine;
  *ret_locals = all;
}
