/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "paths/keep.h"

static gboolean is_from_link(const NeoObserved *seen, const NeoRule *rule, int link)
{
  for (guint i = 0; rule->from_length && i < seen->locals->len; i++) {
    const NeoLocal *local = &g_array_index(seen->locals, NeoLocal, i);
    if (local->link == link && neo_address_equal(&local->address, &rule->from))
      return TRUE;
  }
  return FALSE;
}

/* Whether @link has been an IPv4 path, so that its sysctls may be Neo's doing. Any one of its rules tells, in case somebody removed the other. */
static gboolean was_path(const NeoObserved *seen, const NeoLink *link)
{
  for (guint i = 0; i < seen->rules->len; i++) {
    const NeoRule *rule = &g_array_index(seen->rules, NeoRule, i);
    if (rule->family == AF_INET && rule->priority != NEO_RULE_MARK && (g_str_equal(rule->oif, link->name) || is_from_link(seen, rule, link->index)))
      return TRUE;
  }
  return FALSE;
}

static gboolean was_any_path(const NeoObserved *seen)
{
  for (guint i = 0; i < seen->rules->len; i++)
    if (g_array_index(seen->rules, NeoRule, i).priority != NEO_RULE_MARK)
      return TRUE;
  return FALSE;
}

static NeoMptcpLimits limits_before(const NeoObserved *seen)
{
  const NeoRule *mark = neo_observed_mark(seen, NEO_MARK_LIMITS, "");

  if (mark)
    return (NeoMptcpLimits){ .subflows = mark->mark >> 8 & 0xff, .add_addr_accepted = mark->mark & 0xff };
  return was_any_path(seen) ? NEO_LIMITS_DEFAULT : seen->limits;
}

static NeoMptcpLimits raised(const NeoObserved *seen, const NeoPathsConf *conf, const NeoMptcpLimits *from)
{
  return (NeoMptcpLimits){
    .subflows = MAX(from->subflows, MIN(conf->subflows, seen->limit_max)),
    .add_addr_accepted = MAX(from->add_addr_accepted, MIN(conf->add_addr_accepted, seen->limit_max)),
  };
}

static gboolean limits_equal(const NeoMptcpLimits *a, const NeoMptcpLimits *b)
{
  return a->subflows == b->subflows && a->add_addr_accepted == b->add_addr_accepted;
}

void neo_desire_limits(NeoDesireContext *context)
{
  const NeoObserved *seen = context->seen;
  NeoMptcpLimits before = limits_before(seen), made = raised(seen, context->conf, &before), standard = NEO_LIMITS_DEFAULT;

  if (context->desired->paths->len == 0) {
    /* Limits that somebody changed meanwhile are theirs. */
    context->desired->limits = limits_equal(&seen->limits, &made) ? before : seen->limits;
    return;
  }
  context->desired->limits = raised(seen, context->conf, &seen->limits);
  if (!limits_equal(&before, &standard)) {
    NeoRule mark = neo_rule_mark(NEO_MARK_LIMITS, before.subflows << 8 | before.add_addr_accepted, "");
    g_array_append_val(context->desired->rules, mark);
  }
}

static guint16 pack_sysctls(const NeoSysctls *sysctls)
{
  guint16 packed = 0;

  for (guint i = 0; i < NEO_N_SYSCTLS; i++)
    packed |= (sysctls->value[i] & 0xf) << 4 * i;
  return packed;
}

static NeoSysctls unpack_sysctls(guint32 packed)
{
  NeoSysctls sysctls;

  for (guint i = 0; i < NEO_N_SYSCTLS; i++)
    sysctls.value[i] = packed >> 4 * i & 0xf;
  return sysctls;
}

static NeoSysctls sysctls_before(const NeoObserved *seen, const NeoLink *link)
{
  const NeoRule *mark = neo_observed_mark(seen, NEO_MARK_SYSCTL, link->name);

  if (mark)
    return unpack_sysctls(mark->mark);
  return was_path(seen, link) ? seen->sysctls_default : link->sysctls;
}

/*
 * The kernel goes by the greater of conf/all and conf/INTERFACE (Documentation/networking/ip-sysctl.rst), so a
 * value is left alone where that is enough already.
 */
static NeoSysctls adjusted(const NeoObserved *seen, const NeoSysctls *from)
{
  NeoSysctls to = *from;
  const guint32 *all = seen->sysctls_all.value;

  if (MAX(all[NEO_ARP_IGNORE], from->value[NEO_ARP_IGNORE]) < 1)
    to.value[NEO_ARP_IGNORE] = 1;
  if (MAX(all[NEO_ARP_ANNOUNCE], from->value[NEO_ARP_ANNOUNCE]) < 2)
    to.value[NEO_ARP_ANNOUNCE] = 2;
  if (MAX(all[NEO_RP_FILTER], from->value[NEO_RP_FILTER]) == 1)
    to.value[NEO_RP_FILTER] = 2;
  return to;
}

static gboolean is_path_parent(NeoDesireContext *context, int link)
{
  for (guint i = 0; i < context->desired->paths->len; i++) {
    const NeoPath *path = &g_array_index(context->desired->paths, NeoPath, i);
    if (path->family == AF_INET && neo_observed_link(context->seen, path->link)->parent == link)
      return TRUE;
  }
  return FALSE;
}

static gboolean is_ipv4_path(const GArray *paths, int link)
{
  for (guint i = 0; i < paths->len; i++) {
    const NeoPath *path = &g_array_index(paths, NeoPath, i);
    if (path->family == AF_INET && path->link == link)
      return TRUE;
  }
  return FALSE;
}

/* A parent always gets a mark: once its macvlans are deleted nothing else tells which link it was. */
static void keep_sysctls(NeoDesireContext *context, const NeoLink *link, const NeoSysctls *before, gboolean parent)
{
  NeoRule mark = neo_rule_mark(NEO_MARK_SYSCTL, pack_sysctls(before), link->name);

  if (parent || pack_sysctls(before) != pack_sysctls(&context->seen->sysctls_default))
    g_array_append_val(context->desired->rules, mark);
}

/* What @link's sysctls go back to, for each that nobody changed since Neo set it. */
static NeoSysctls restored(const NeoObserved *seen, const NeoLink *link, const NeoSysctls *before)
{
  NeoSysctls made = adjusted(seen, before), to = link->sysctls;

  for (guint i = 0; i < NEO_N_SYSCTLS; i++)
    if (link->sysctls.value[i] == made.value[i])
      to.value[i] = before->value[i];
  return to;
}

static void desire_sysctls_of(NeoDesireContext *context, const NeoLink *link)
{
  NeoSysctls before = sysctls_before(context->seen, link);
  gboolean parent = is_path_parent(context, link->index);
  NeoWantedSysctls wanted = { .link = link->index };

  if (parent || is_ipv4_path(context->desired->paths, link->index)) {
    keep_sysctls(context, link, &before, parent);
    wanted.sysctls = adjusted(context->seen, &link->sysctls);
  } else {
    wanted.sysctls = restored(context->seen, link, &before);
  }
  g_array_append_val(context->desired->sysctls, wanted);
}

void neo_desire_sysctls(NeoDesireContext *context)
{
  for (guint i = 0; i < context->seen->links->len; i++)
    desire_sysctls_of(context, &g_array_index(context->seen->links, NeoLink, i));
}
