/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "systemd-units/proxy-steps.h"

#include "common/error.h"
#include "common/iptables.h"
#include "common/sysctl.h"
#include "paths/pm-select.h"
#include "systemd-units/proxy-files.h"
#include "systemd-units/proxy-forward.h"
#include "systemd-units/proxy-link.h"
#include "systemd-units/proxy-mptcp.h"
#include "systemd-units/proxy-namespace.h"
#include "systemd-units/proxy-rules.h"
#include "systemd-units/proxy-state.h"

typedef gboolean (*Inside)(const NeoProxyPlan *plan, const NeoProxyPlan *before, GError **error);

static gboolean run_in(const char *name, Inside function, const NeoProxyPlan *plan, const NeoProxyPlan *before,
                       GError **error)
{
  int home;

  if (!neo_proxy_namespace_enter(name, &home, error))
    return FALSE;
  gboolean done = function(plan, before, error);
  neo_proxy_namespace_leave(home);
  return done;
}

static gboolean run_inside(Inside function, const NeoProxyPlan *plan, const NeoProxyPlan *before, GError **error)
{
  return run_in(plan->name, function, plan, before, error);
}

static gboolean make_namespace(const NeoProxyPlan *plan, const NeoProxyPlan *before, GError **error)
{
  g_autofree char *probe = neo_proxy_probe_name(plan->name);

  return neo_proxy_namespace_create(plan->name, error) && (!plan->probe || neo_proxy_namespace_create(probe, error));
}

static gboolean delete_namespace(const char *name, GError **error)
{
  g_autofree char *probe = neo_proxy_probe_name(name);
  gboolean first = neo_proxy_namespace_delete(name, error);

  return neo_proxy_namespace_delete(probe, first ? error : NULL) && first;
}

static gboolean add_link(const NeoProxyPlan *plan, const NeoProxyPlan *before, GError **error)
{
  return neo_proxy_link_add(plan, error);
}

static gboolean select_userspace(const NeoProxyPlan *plan, const NeoProxyPlan *before, GError **error)
{
  return neo_sysctl_write("net/mptcp/enabled", "1", error) && neo_pm_select(TRUE, error);
}

/* Its joins are asked for one by one. */
static gboolean prepare_probe(const NeoProxyPlan *plan, const NeoProxyPlan *before, GError **error)
{
  g_autofree char *probe = neo_proxy_probe_name(plan->name);

  return !plan->probe || run_in(probe, select_userspace, plan, before, error);
}

static gboolean announced_inside(const NeoProxyPlan *plan, const NeoProxyPlan *before, GError **error)
{
  g_autoptr(NeoNetlink) route = neo_netlink_open(NETLINK_ROUTE, 0, error);

  return route && neo_proxy_link_announced(plan, route, error);
}

static gboolean add_announced(const NeoProxyPlan *plan, const NeoProxyPlan *before, GError **error)
{
  return run_inside(announced_inside, plan, before, error);
}

static gboolean prune_inside(const NeoProxyPlan *plan, const NeoProxyPlan *before, GError **error)
{
  return neo_proxy_link_prune(plan, before, error);
}

static gboolean prune_announced(const NeoProxyPlan *plan, const NeoProxyPlan *before, GError **error)
{
  return !before || run_inside(prune_inside, plan, before, error);
}

static gboolean withdraw_inside(const NeoProxyPlan *plan, const NeoProxyPlan *before, GError **error)
{
  return neo_proxy_mptcp_withdraw(plan, error);
}

static gboolean withdraw(const NeoProxyPlan *plan, const NeoProxyPlan *before, GError **error)
{
  return !before || run_inside(withdraw_inside, plan, before, error);
}

static gboolean announce_inside(const NeoProxyPlan *plan, const NeoProxyPlan *before, GError **error)
{
  return neo_proxy_mptcp_set(plan, error);
}

static gboolean announce(const NeoProxyPlan *plan, const NeoProxyPlan *before, GError **error)
{
  return run_inside(announce_inside, plan, before, error);
}

static void clear_texts(char *texts[static NEO_IPTABLES_N])
{
  for (NeoIptables family = 0; family < NEO_IPTABLES_N; family++)
    g_free(texts[family]);
}

static gboolean has_family(const NeoProxyPlan *plan, NeoIptables family)
{
  return family == NEO_IPTABLES_4 || plan->ipv6;
}

static gboolean rules_inside(const NeoProxyPlan *plan, const NeoProxyPlan *before, GError **error)
{
  char *texts[NEO_IPTABLES_N] = { NULL };

  for (NeoIptables family = 0; family < NEO_IPTABLES_N; family++)
    if (has_family(plan, family))
      texts[family] = neo_proxy_rules_inside(plan, neo_iptables_family(family));
  gboolean done = neo_iptables_replace(texts, error);
  clear_texts(texts);
  return done;
}

static gboolean add_rules_inside(const NeoProxyPlan *plan, const NeoProxyPlan *before, GError **error)
{
  return run_inside(rules_inside, plan, before, error);
}

static gboolean make_texts(const NeoProxyPlan *plan, char *ret_texts[static NEO_IPTABLES_N], GError **error)
{
  for (NeoIptables family = 0; family < NEO_IPTABLES_N; family++) {
    if (!has_family(plan, family))
      continue;
    g_autoptr(NeoIptablesSaved) saved = neo_iptables_save(family, error);
    if (!saved)
      return FALSE;
    ret_texts[family] = neo_proxy_rules_add(plan, neo_iptables_family(family), saved);
  }
  return TRUE;
}

static gboolean add_rules(const NeoProxyPlan *plan, const NeoProxyPlan *before, GError **error)
{
  char *texts[NEO_IPTABLES_N] = { NULL };
  gboolean done = make_texts(plan, texts, error) && neo_iptables_load(texts, error);

  clear_texts(texts);
  return done;
}

static gboolean remove_family_rules(NeoIptables family, const char *name, GError **error)
{
  g_autoptr(NeoIptablesSaved) saved = neo_iptables_save(family, error);
  char *texts[NEO_IPTABLES_N] = { NULL };

  if (!saved)
    return FALSE;
  texts[family] = neo_proxy_rules_remove(name, saved);
  gboolean done = neo_iptables_unload(texts, neo_proxy_bases, NEO_PROXY_N_BASES, error);
  clear_texts(texts);
  return done;
}

/* One after the other, so that what is wrong with one keeps nothing of the other. */
static gboolean remove_rules(const char *name, GError **error)
{
  gboolean first = remove_family_rules(NEO_IPTABLES_4, name, error);
  return remove_family_rules(NEO_IPTABLES_6, name, first ? error : NULL) && first;
}

static gboolean write_files(const NeoProxyPlan *plan, const NeoProxyPlan *before, GError **error)
{
  return neo_proxy_files_write(plan, error);
}

static gboolean hold_forwarding(const NeoProxyPlan *plan, const NeoProxyPlan *before, GError **error)
{
  return neo_proxy_forward_hold(plan, error);
}

static gboolean save_state(const NeoProxyPlan *plan, const NeoProxyPlan *before, GError **error)
{
  return neo_proxy_state_save(plan, error);
}

/* An address goes only after it is withdrawn, and the way in opens after all is ready behind it. */
const NeoProxyStep neo_proxy_steps[] = {
  { make_namespace, delete_namespace },
  { add_link, neo_proxy_link_remove },
  { prepare_probe, NULL },
  { withdraw, NULL },
  { add_announced, NULL },
  { add_rules_inside, NULL },
  { write_files, neo_proxy_files_remove },
  { add_rules, remove_rules },
  { hold_forwarding, neo_proxy_forward_release },
  { announce, NULL },
  { prune_announced, NULL },
  { save_state, NULL },
  { NULL, NULL },
};

static guint count(const NeoProxyStep *steps)
{
  guint n = 0;

  while (steps[n].apply)
    n++;
  return n;
}

static void append_error(GString *messages, const GError *error)
{
  g_string_append_printf(messages, "%s%s", messages->len ? "\n" : "", error->message);
}

static void undo(const NeoProxyStep *steps, guint n, const char *name, GString *messages)
{
  while (n-- > 0) {
    g_autoptr(GError) why = NULL;
    if (steps[n].undo && !steps[n].undo(name, &why))
      append_error(messages, why);
  }
}

static gboolean apply(const NeoProxyStep *steps, const NeoProxyPlan *plan, const NeoProxyPlan *before, guint *ret_done,
                      GString *messages)
{
  for (guint i = 0; steps[i].apply; i++) {
    g_autoptr(GError) why = NULL;
    *ret_done = i + 1;
    if (!steps[i].apply(plan, before, &why)) {
      append_error(messages, why);
      return FALSE;
    }
  }
  return TRUE;
}

gboolean neo_proxy_steps_apply(const NeoProxyStep *steps, const NeoProxyPlan *plan, const NeoProxyPlan *before,
                               GError **error)
{
  g_autoptr(GString) messages = g_string_new(NULL);
  guint done = 0;

  if (apply(steps, plan, before, &done, messages))
    return TRUE;
  if (before)
    apply(steps, before, plan, &done, messages);
  else
    undo(steps, done, plan->name, messages);
  g_set_error_literal(error, NEO_ERROR, NEO_ERROR_SYSTEM, messages->str);
  return FALSE;
}

gboolean neo_proxy_steps_undo(const NeoProxyStep *steps, const char *name, GError **error)
{
  g_autoptr(GString) messages = g_string_new(NULL);

  undo(steps, count(steps), name, messages);
  if (!messages->len)
    return TRUE;
  g_set_error_literal(error, NEO_ERROR, NEO_ERROR_SYSTEM, messages->str);
  return FALSE;
}
