/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "paths/desire.h"

#include <stdarg.h>

#include "paths/keep.h"
#include "paths/kinds.h"

typedef NeoDesireContext Context;

void neo_complain(GArray *complaints, int link, const char *format, ...)
{
  NeoComplaint complaint = { .link = link };
  va_list args;

  va_start(args, format);
  complaint.text = g_strdup_vprintf(format, args);
  va_end(args);
  g_array_append_val(complaints, complaint);
}

static void clear_complaint(gpointer data)
{
  g_free(((NeoComplaint *)data)->text);
}

static NeoDesired *desired_new(void)
{
  NeoDesired *desired = g_new0(NeoDesired, 1);

  desired->rules = g_array_new(FALSE, FALSE, sizeof(NeoRule));
  desired->endpoints = g_array_new(FALSE, FALSE, sizeof(NeoWantedEndpoint));
  desired->sysctls = g_array_new(FALSE, FALSE, sizeof(NeoWantedSysctls));
  desired->complaints = g_array_new(FALSE, FALSE, sizeof(NeoComplaint));
  g_array_set_clear_func(desired->complaints, clear_complaint);
  return desired;
}

void neo_desired_free(NeoDesired *desired)
{
  if (!desired)
    return;
  g_clear_pointer(&desired->paths, g_array_unref);
  g_array_unref(desired->rules);
  g_array_unref(desired->endpoints);
  g_array_unref(desired->sysctls);
  g_array_unref(desired->complaints);
  g_free(desired);
}

/* --- Interfaces that are left alone --- */

/* The mark that the interface @name shall have: 0, NEO_MARK_ALONE or NEO_MARK_GOING. */
static guint32 wanted_mark(const NeoObserved *seen, const NeoRequest *request, const char *name)
{
  static const guint32 marks[] = { [NEO_REQUEST_ALONE] = NEO_MARK_ALONE, [NEO_REQUEST_GOING] = NEO_MARK_GOING, [NEO_REQUEST_CLEAR] = 0 };

  if (request->kind != NEO_REQUEST_NONE && g_str_equal(request->interface, name))
    return marks[request->kind];
  if (neo_observed_mark(seen, NEO_MARK_ALONE, name))
    return NEO_MARK_ALONE;
  return neo_observed_mark(seen, NEO_MARK_GOING, name) ? NEO_MARK_GOING : 0;
}

static gboolean is_path(const GArray *paths, int link)
{
  for (guint i = 0; i < paths->len; i++)
    if (g_array_index(paths, NeoPath, i).link == link)
      return TRUE;
  return FALSE;
}

static void take_out(GArray *paths, int link)
{
  for (guint i = paths->len; i-- > 0;)
    if (g_array_index(paths, NeoPath, i).link == link)
      g_array_remove_index(paths, i);
}

static void leave_alone(Context *context, const NeoRequest *request)
{
  for (guint i = 0; i < context->seen->links->len; i++) {
    const NeoLink *link = &g_array_index(context->seen->links, NeoLink, i);
    guint32 kind = wanted_mark(context->seen, request, link->name);
    if (!kind || (kind == NEO_MARK_GOING && !is_path(context->desired->paths, link->index)))
      continue;
    NeoRule mark = neo_rule_mark(kind, 0, link->name);
    g_array_append_val(context->desired->rules, mark);
    take_out(context->desired->paths, link->index);
  }
}

/* --- Rules --- */

static gboolean has_rule_from(const GArray *rules, const NeoAddress *from, guint32 priority, const NeoRule **ret_rule)
{
  for (guint i = 0; i < rules->len; i++) {
    const NeoRule *rule = &g_array_index(rules, NeoRule, i);
    if (rule->from_length && (!priority || rule->priority == priority) && neo_address_equal(&rule->from, from)) {
      if (ret_rule)
        *ret_rule = rule;
      return TRUE;
    }
  }
  return FALSE;
}

/* An MPTCP endpoint was Neo's if the rule said so before; one that was there before the rule is somebody else's. */
static gboolean endpoint_is_foreign(const NeoObserved *seen, const NeoAddress *address)
{
  return neo_observed_endpoint(seen, address) && !has_rule_from(seen->rules, address, NEO_RULE_FROM, NULL);
}

static void complain_of_address(Context *context, const NeoLocal *local, guint32 table)
{
  g_autofree char *text = neo_address_to_string(&local->address);
  const NeoLink *link = neo_observed_link(context->seen, local->link);

  neo_complain(context->desired->complaints, local->link, "%s: address %s is that of the path in table %u, too; expected each address on one path",
               link->name, text, table);
}

/* The interface that is no path and has the address of @local, too, or NULL. A lease could else turn away what it answers. */
static const NeoLink *other_owner(const Context *context, const NeoLocal *local)
{
  for (guint i = 0; i < context->seen->locals->len; i++) {
    const NeoLocal *other = &g_array_index(context->seen->locals, NeoLocal, i);
    if (other->link != local->link && neo_address_equal(&other->address, &local->address) && !is_path(context->desired->paths, other->link))
      return neo_observed_link(context->seen, other->link);
  }
  return NULL;
}

static gboolean link_holds(const NeoObserved *seen, int link, const NeoAddress *address)
{
  for (guint i = 0; i < seen->locals->len; i++) {
    const NeoLocal *local = &g_array_index(seen->locals, NeoLocal, i);
    if (local->link == link && neo_address_equal(&local->address, address))
      return TRUE;
  }
  return FALSE;
}

/* The path that has a rule for the address already, and the address still: whose lease comes later does not take it away. */
static const NeoPath *holder(const Context *context, const NeoAddress *address)
{
  const NeoRule *rule;

  if (!has_rule_from(context->seen->rules, address, 0, &rule))
    return NULL;
  for (guint i = 0; i < context->desired->paths->len; i++) {
    const NeoPath *path = &g_array_index(context->desired->paths, NeoPath, i);
    if (path->table == rule->table && path->family == address->family && link_holds(context->seen, path->link, address))
      return path;
  }
  return NULL;
}

static void complain_of_owner(Context *context, const NeoLocal *local, const NeoLink *owner)
{
  g_autofree char *text = neo_address_to_string(&local->address);

  neo_complain(context->desired->complaints, local->link, "%s: address %s is that of %s, too; expected each address on one interface",
               neo_observed_link(context->seen, local->link)->name, text, owner->name);
}

static void complain_of_nowhere(Context *context, const NeoLocal *local, const char *what)
{
  g_autofree char *text = neo_address_to_string(&local->address);

  neo_complain(context->desired->complaints, local->link, "%s: address %s is %s; expected one that is reached over a network, so it is not used",
               neo_observed_link(context->seen, local->link)->name, text, what);
}

/* Complains of an address that the path @table must not have a rule for. */
static gboolean may_have_rule(Context *context, guint32 table, const NeoLocal *local)
{
  const char *nowhere = neo_address_nowhere(&local->address);
  const NeoLink *owner = other_owner(context, local);
  const NeoPath *first = holder(context, &local->address);
  const NeoRule *other;

  if (nowhere)
    complain_of_nowhere(context, local, nowhere);
  else if (owner)
    complain_of_owner(context, local, owner);
  else if (first && first->table != table)
    complain_of_address(context, local, first->table);
  else if (has_rule_from(context->desired->rules, &local->address, 0, &other))
    complain_of_address(context, local, other->table);
  else
    return TRUE;
  return FALSE;
}

static void desire_address(Context *context, const NeoPath *path, const NeoLocal *local)
{
  gboolean foreign = endpoint_is_foreign(context->seen, &local->address);
  NeoRule rule = neo_rule_from(&local->address, path->table, foreign ? NEO_RULE_FROM_FOREIGN : NEO_RULE_FROM);

  if (may_have_rule(context, path->table, local))
    g_array_append_val(context->desired->rules, rule);
}

static void desire_path(Context *context, const NeoPath *path)
{
  NeoRule rule = neo_rule_oif(path->family, neo_observed_link(context->seen, path->link)->name, path->table);

  g_array_append_val(context->desired->rules, rule);
  for (guint i = 0; i < context->seen->locals->len; i++) {
    const NeoLocal *local = &g_array_index(context->seen->locals, NeoLocal, i);
    if (local->link == path->link && local->address.family == path->family)
      desire_address(context, path, local);
  }
}

/* --- MPTCP endpoints --- */

/*
 * A temporary address gets none, as its subflows would be closed every day; nor does a deprecated one, but the
 * endpoint that it had stays for the connections that use it.
 */
static gboolean deserves_endpoint(const NeoObserved *seen, const NeoLocal *local)
{
  return !local->temporary && (!local->deprecated || neo_observed_endpoint(seen, &local->address));
}

static const NeoPath *path_of_local(const GArray *paths, const NeoLocal *local)
{
  for (guint i = 0; i < paths->len; i++) {
    const NeoPath *path = &g_array_index(paths, NeoPath, i);
    if (path->link == local->link && path->family == local->address.family)
      return path;
  }
  return NULL;
}

static gboolean wants_endpoint(Context *context, const NeoLocal *local)
{
  const NeoPath *path = path_of_local(context->desired->paths, local);
  const NeoLink *link = neo_observed_link(context->seen, local->link);

  if (!path || !link->running || !deserves_endpoint(context->seen, local))
    return FALSE;
  NeoRule rule = neo_rule_from(&local->address, path->table, NEO_RULE_FROM);
  return neo_rules_contain(context->desired->rules, &rule);
}

static guint count_foreign_endpoints(const NeoObserved *seen)
{
  guint count = 0;

  for (guint i = 0; i < seen->endpoints->len; i++)
    if (!has_rule_from(seen->rules, &g_array_index(seen->endpoints, NeoMptcpEndpoint, i).address, NEO_RULE_FROM, NULL))
      count++;
  return count;
}

/*
 * Who comes first where there is not room for all: the first address of each path, IPv4 before IPv6, then the second,
 * and so on. On one path those that have an endpoint come first, so that a new address does not displace them.
 */
typedef struct {
  guint nth; /* address of its family on its link */
  gboolean existing;
  NeoWantedEndpoint endpoint;
} Claim;

static int compare_claims(gconstpointer a, gconstpointer b)
{
  const Claim *x = a, *y = b;

  if (x->nth != y->nth)
    return x->nth < y->nth ? -1 : 1;
  if (x->endpoint.address.family != y->endpoint.address.family)
    return x->endpoint.address.family == AF_INET ? -1 : 1;
  return y->existing - x->existing;
}

static guint count_claims(const GArray *claims, const NeoLocal *local)
{
  guint count = 0;

  for (guint i = 0; i < claims->len; i++) {
    const NeoWantedEndpoint *endpoint = &g_array_index(claims, Claim, i).endpoint;
    count += endpoint->link == local->link && endpoint->address.family == local->address.family;
  }
  return count;
}

static void gather_claims(Context *context, gboolean existing, GArray *claims)
{
  for (guint i = 0; i < context->seen->locals->len; i++) {
    const NeoLocal *local = &g_array_index(context->seen->locals, NeoLocal, i);
    if (!!neo_observed_endpoint(context->seen, &local->address) != existing || !wants_endpoint(context, local))
      continue;
    Claim claim = { count_claims(claims, local), existing, { local->address, local->link } };
    g_array_append_val(claims, claim);
  }
}

static void complain_of_room(Context *context, const GArray *claims, guint room, guint foreign)
{
  guint without = 0;

  for (guint i = room; i < claims->len; i++)
    without += g_array_index(claims, Claim, i).nth == 0;
  if (without)
    neo_complain(context->desired->complaints, 0, "%u paths (IPv4 and IPv6 counted each) have no MPTCP endpoint, as this kernel takes %u in all and %u are not Neo's; "
                 "only sockets bound to them use them", without, context->seen->limit_max, foreign);
}

static void desire_endpoints(Context *context)
{
  const NeoObserved *seen = context->seen;
  g_autoptr(GArray) claims = g_array_new(FALSE, FALSE, sizeof(Claim));
  guint foreign = count_foreign_endpoints(seen), room = seen->limit_max > foreign ? seen->limit_max - foreign : 0;

  gather_claims(context, TRUE, claims);
  gather_claims(context, FALSE, claims);
  g_array_sort(claims, compare_claims);
  for (guint i = 0; i < MIN(claims->len, room); i++)
    g_array_append_val(context->desired->endpoints, g_array_index(claims, Claim, i).endpoint);
  if (!seen->userspace)
    complain_of_room(context, claims, room, foreign);
}

NeoDesired *neo_desire(const NeoObserved *seen, const NeoPathsConf *conf, const NeoRequest *request)
{
  static const NeoRequest no_request = { NEO_REQUEST_NONE };
  Context context = { seen, conf, desired_new() };

  request = request ? request : &no_request;
  context.desired->paths = request->remove_all ? g_array_new(FALSE, FALSE, sizeof(NeoPath))
                                               : neo_find_paths(seen, &conf->tables, context.desired->complaints);
  if (!request->remove_all)
    leave_alone(&context, request);
  for (guint i = 0; i < context.desired->paths->len; i++)
    desire_path(&context, &g_array_index(context.desired->paths, NeoPath, i));
  if (seen->mptcp) {
    desire_endpoints(&context);
    neo_desire_limits(&context);
  }
  neo_desire_sysctls(&context);
  return context.desired;
}
