/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "paths/pm-switch.h"

#include "paths/pm-host.h"
#include "paths/pm-select.h"

static gboolean is_wanted(const NeoPmSwitch *pm_switch, const NeoPathsConf *conf, guint addresses)
{
  if (!pm_switch->kernel->mptcp_family)
    return FALSE;
  if (conf->path_manager != NEO_PATH_MANAGER_AUTO)
    return conf->path_manager == NEO_PATH_MANAGER_USERSPACE;
  return pm_switch->pm || neo_pm_is_selected() || addresses > pm_switch->kernel->limit_max;
}

gboolean neo_pm_switch_off(NeoPmSwitch *pm_switch, GError **error)
{
  if (!pm_switch->pm && !neo_pm_is_selected())
    return TRUE;
  neo_pm_switch_clear(pm_switch);
  return neo_pm_select(FALSE, error);
}

gboolean neo_pm_switch_update(NeoPmSwitch *pm_switch, const NeoPathsConf *conf, const NeoObserved *seen, const GArray *paths, GError **error)
{
  GArray *mine, *all;

  neo_pm_addresses(seen, paths, &mine, &all);
  g_autoptr(GArray) addresses = mine, locals = all;
  pm_switch->settings = (NeoPmSettings){ conf->pairing, conf->max_subflows };
  if (!is_wanted(pm_switch, conf, addresses->len))
    return !pm_switch->kernel->mptcp_family || neo_pm_switch_off(pm_switch, error);
  if (!pm_switch->pm)
    pm_switch->pm = neo_pm_start(pm_switch->kernel, &pm_switch->settings, pm_switch->report, error);
  if (pm_switch->pm)
    neo_pm_set_addresses(pm_switch->pm, addresses, locals);
  return pm_switch->pm != NULL;
}

void neo_pm_switch_clear(NeoPmSwitch *pm_switch)
{
  g_clear_pointer(&pm_switch->pm, neo_pm_free);
}
