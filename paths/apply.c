/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "paths/apply.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/mptcp.h>
#include <linux/rtnetlink.h>

#include "common/error.h"
#include "paths/batch.h"

static void put_address(struct nlmsghdr *message, guint16 type, const NeoAddress *address)
{
  mnl_attr_put(message, type, neo_address_size(address), address->bytes);
}

static struct nlmsghdr *rule_message(char buffer[static 8192], const NeoRule *rule, gboolean add)
{
  struct nlmsghdr *message = neo_netlink_message(buffer, add ? RTM_NEWRULE : RTM_DELRULE, add ? NLM_F_CREATE | NLM_F_EXCL : 0);
  struct fib_rule_hdr *header = mnl_nlmsg_put_extra_header(message, sizeof *header);

  header->family = rule->family;
  header->action = rule->action;
  header->src_len = rule->from_length;
  mnl_attr_put_u32(message, FRA_PRIORITY, rule->priority);
  mnl_attr_put_u8(message, FRA_PROTOCOL, NEO_RTPROT);
  if (rule->from_length)
    put_address(message, FRA_SRC, &rule->from);
  if (*rule->oif)
    mnl_attr_put_strz(message, FRA_OIFNAME, rule->oif);
  if (rule->table)
    mnl_attr_put_u32(message, FRA_TABLE, rule->table);
  if (rule->mark)
    mnl_attr_put_u32(message, FRA_FWMARK, rule->mark);
  return message;
}

/* @count of one link. By netlink and index, so that a new link which took the name meanwhile is not touched. */
static struct nlmsghdr *sysctls_message(char buffer[static 8192], const NeoOperation *operations, guint count)
{
  static const guint16 positions[] = {
    [NEO_ARP_IGNORE] = IPV4_DEVCONF_ARP_IGNORE, [NEO_ARP_ANNOUNCE] = IPV4_DEVCONF_ARP_ANNOUNCE,
    [NEO_RP_FILTER] = IPV4_DEVCONF_RP_FILTER,
  };
  struct nlmsghdr *message = neo_netlink_message(buffer, RTM_SETLINK, 0);
  struct ifinfomsg *header = mnl_nlmsg_put_extra_header(message, sizeof *header);

  header->ifi_index = operations->link;
  struct nlattr *spec = mnl_attr_nest_start(message, IFLA_AF_SPEC);
  struct nlattr *family = mnl_attr_nest_start(message, AF_INET);
  struct nlattr *conf = mnl_attr_nest_start(message, IFLA_INET_CONF);
  for (guint i = 0; i < count; i++)
    mnl_attr_put_u32(message, positions[operations[i].sysctl], operations[i].value);
  mnl_attr_nest_end(message, conf);
  mnl_attr_nest_end(message, family);
  mnl_attr_nest_end(message, spec);
  return message;
}

/* The message for @count operations that go in one: sysctls of a link, or one about a rule. */
static struct nlmsghdr *operations_message(char buffer[static 8192], const NeoOperation *operations, guint count)
{
  return operations->kind == NEO_SYSCTL_SET ? sysctls_message(buffer, operations, count)
                                            : rule_message(buffer, &operations->rule, operations->kind == NEO_RULE_ADD);
}

static gboolean add_endpoint(NeoKernel *kernel, const NeoMptcpEndpoint *wanted, int *ret_errno, GError **error)
{
  NeoMptcpEndpoint endpoint = { .address = wanted->address, .link = wanted->link, .flags = MPTCP_PM_ADDR_FLAG_SUBFLOW };

  return neo_mptcp_add(kernel->generic, kernel->mptcp_family, &endpoint, ret_errno, error);
}

static int take_oif(const struct nlmsghdr *message, void *data)
{
  const struct nlattr *attr;

  mnl_attr_for_each(attr, message, sizeof(struct rtmsg))
    if (mnl_attr_get_type(attr) == RTA_OIF && mnl_attr_validate(attr, MNL_TYPE_U32) >= 0)
      *(int *)data = mnl_attr_get_u32(attr);
  return MNL_CB_OK;
}

/* Asks the kernel for the route of a packet from the address to an address that is nobody's (RFC 5737, RFC 9637). */
static gboolean check_route(NeoKernel *kernel, const NeoOperation *operation, GError **error)
{
  const NeoAddress *from = &operation->endpoint.address;
  char buffer[8192];
  struct nlmsghdr *message = neo_netlink_message(buffer, RTM_GETROUTE, 0);
  struct rtmsg *header = mnl_nlmsg_put_extra_header(message, sizeof *header);
  NeoAddress to;
  int link = 0;

  neo_address_parse(from->family == AF_INET ? "203.0.113.1" : "3fff:fff::1", &to);
  header->rtm_family = from->family;
  header->rtm_dst_len = header->rtm_src_len = neo_address_size(from) * 8;
  put_address(message, RTA_DST, &to);
  put_address(message, RTA_SRC, from);
  if (!neo_netlink_get(kernel->route, message, take_oif, &link, error))
    return FALSE;
  if (link == operation->link)
    return TRUE;
  g_set_error(error, NEO_ERROR, NEO_ERROR_SYSTEM, "it leaves by interface number %d, as another rule comes first", link);
  return FALSE;
}

/* What is there or gone already, by another hand, is as wanted. */
static gboolean is_done(NeoOperationKind kind, int errnum)
{
  if (kind == NEO_RULE_ADD || kind == NEO_ENDPOINT_ADD)
    return errnum == EEXIST;
  if (kind == NEO_RULE_REMOVE || kind == NEO_ENDPOINT_REMOVE)
    return errnum == ENOENT || errnum == ESRCH || errnum == EINVAL;
  if (kind == NEO_SYSCTL_SET)
    return errnum == ENODEV;
  return FALSE;
}

static gboolean request(NeoKernel *kernel, const NeoOperation *operation, int *ret_errno, GError **error)
{
  char buffer[8192];

  switch (operation->kind) {
  case NEO_ENDPOINT_REMOVE:
    return neo_mptcp_remove(kernel->generic, kernel->mptcp_family, &operation->endpoint, ret_errno, error);
  case NEO_LIMITS_SET:
    return neo_mptcp_set_limits(kernel->generic, kernel->mptcp_family, &operation->limits, ret_errno, error);
  case NEO_ROUTE_CHECK:
    return check_route(kernel, operation, error);
  case NEO_ENDPOINT_ADD:
    return add_endpoint(kernel, &operation->endpoint, ret_errno, error);
  case NEO_RULE_ADD:
  case NEO_RULE_REMOVE:
  case NEO_SYSCTL_SET:
    return neo_netlink_request(kernel->route, operations_message(buffer, operation, 1), ret_errno, error);
  }
  return FALSE;
}

/* Whether @operation needs @failed: it is for the same path, or it would remove the mark of an endpoint that is still there. */
static gboolean depends(const NeoOperation *operation, const NeoOperation *failed)
{
  if (operation->kind == NEO_RULE_REMOVE)
    return failed->kind == NEO_ENDPOINT_REMOVE && operation->rule.from_length &&
           neo_address_equal(&operation->rule.from, &failed->endpoint.address);
  return operation->link && operation->link == failed->link;
}

static gboolean is_hopeless(const NeoOperation *operation, const GPtrArray *failed)
{
  for (guint i = 0; i < failed->len; i++)
    if (depends(operation, failed->pdata[i]))
      return TRUE;
  return FALSE;
}

static void gather(GString *failures, const NeoOperation *operation, const GError *why)
{
  g_autofree char *what = neo_operation_to_string(operation);
  g_string_append_printf(failures, "%s%s: %s", failures->len ? "\n" : "", what, why->message);
}

/*
 * What can be asked of the kernel without waiting for the answer: operations of one kind, and marks apart from what they are to come
 * before. None depends on another of these.
 */
static gboolean go_together(const NeoOperation *a, const NeoOperation *b)
{
  gboolean rules = a->kind == NEO_RULE_ADD || a->kind == NEO_RULE_REMOVE;

  return a->kind == b->kind && (rules || a->kind == NEO_SYSCTL_SET) &&
         (a->rule.priority == NEO_RULE_MARK) == (b->rule.priority == NEO_RULE_MARK);
}

static guint count_together(const GArray *plan, guint first)
{
  guint count = 1;

  while (count < NEO_BATCH_MAX && first + count < plan->len &&
         go_together(&g_array_index(plan, NeoOperation, first), &g_array_index(plan, NeoOperation, first + count)))
    count++;
  return count;
}

/* How many of @count operations the first one's message holds. */
static guint count_in_message(const NeoOperation *operations, guint count)
{
  guint held = 1;

  while (held < count && operations->kind == NEO_SYSCTL_SET && operations[held].link == operations->link)
    held++;
  return held;
}

/* Asks for @count operations at once. What was refused is left to be asked for again by itself, which tells why. */
static void apply_together(NeoKernel *kernel, const NeoOperation *operations, guint count, const GPtrArray *failed, gboolean *done)
{
  g_auto(NeoBatch) batch = neo_batch_new();
  guint firsts[NEO_BATCH_MAX], held;
  char buffer[8192];

  for (guint i = 0; i < count; i += held) {
    held = count_in_message(&operations[i], count - i);
    if (!is_hopeless(&operations[i], failed))
      firsts[neo_batch_add(&batch, operations_message(buffer, &operations[i], held))] = i;
  }
  neo_batch_send(&batch, kernel->route);
  for (guint i = 0; i < batch.count; i++) {
    const NeoOperation *first = &operations[firsts[i]];
    held = count_in_message(first, count - firsts[i]);
    for (guint j = 0; j < held; j++)
      done[firsts[i] + j] = batch.errnums[i] == 0 || is_done(first->kind, batch.errnums[i]);
  }
}

static void apply_one(NeoKernel *kernel, NeoOperation *operation, GPtrArray *failed, GString *failures)
{
  g_autoptr(GError) why = NULL;
  int errnum = 0;

  if (is_hopeless(operation, failed) || request(kernel, operation, &errnum, &why) || is_done(operation->kind, errnum))
    return;
  gather(failures, operation, why);
  g_ptr_array_add(failed, operation);
}

gboolean neo_apply(NeoKernel *kernel, const GArray *plan, GError **error)
{
  g_autoptr(GPtrArray) failed = g_ptr_array_new();
  g_autoptr(GString) failures = g_string_new(NULL);
  guint count;

  for (guint first = 0; first < plan->len; first += count) {
    NeoOperation *operations = &g_array_index(plan, NeoOperation, first);
    gboolean done[NEO_BATCH_MAX] = { 0 };
    count = count_together(plan, first);
    if (count > 1)
      apply_together(kernel, operations, count, failed, done);
    for (guint i = 0; i < count; i++)
      if (!done[i])
        apply_one(kernel, &operations[i], failed, failures);
  }
  if (failures->len == 0)
    return TRUE;
  g_set_error_literal(error, NEO_ERROR, NEO_ERROR_SYSTEM, failures->str);
  return FALSE;
}
