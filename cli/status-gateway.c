/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/status-gateway.h"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "cli/address-key.h"
#include "paths/observe.h"

typedef struct {
  guint8 family;
  NeoAddress address;
  guint32 valid;
} Lifetime;

static int take_attr(const struct nlattr *attr, void *data)
{
  Lifetime *lifetime = data;
  guint16 type = mnl_attr_get_type(attr), size = mnl_attr_get_payload_len(attr);

  /* IFA_LOCAL is an interface's own address where IFA_ADDRESS is its peer's; IPv6 has only the latter. */
  if (type == IFA_LOCAL || (type == IFA_ADDRESS && lifetime->family == AF_INET6))
    neo_address_from_bytes(lifetime->family, mnl_attr_get_payload(attr), size, &lifetime->address);
  if (type == IFA_CACHEINFO && size >= sizeof(struct ifa_cacheinfo))
    lifetime->valid = ((const struct ifa_cacheinfo *)mnl_attr_get_payload(attr))->ifa_valid;
  return MNL_CB_OK;
}

static int take_lifetime(const struct nlmsghdr *message, void *data)
{
  Lifetime lifetime = { .valid = G_MAXUINT32 };

  if (mnl_nlmsg_get_payload_len(message) < sizeof(struct ifaddrmsg))
    return MNL_CB_OK;
  lifetime.family = ((const struct ifaddrmsg *)mnl_nlmsg_get_payload(message))->ifa_family;
  mnl_attr_parse(message, sizeof(struct ifaddrmsg), take_attr, &lifetime);
  if (lifetime.address.family && lifetime.valid != G_MAXUINT32)
    g_hash_table_insert(data, g_memdup2(&lifetime.address, sizeof lifetime.address), GUINT_TO_POINTER(lifetime.valid));
  return MNL_CB_OK;
}

static gboolean dump_lifetimes(NeoKernel *kernel, GHashTable *lifetimes, GError **error)
{
  char buffer[8192];
  struct nlmsghdr *message = neo_netlink_message(buffer, RTM_GETADDR, 0);
  gboolean interrupted;

  mnl_nlmsg_put_extra_header(message, sizeof(struct ifaddrmsg));
  return neo_netlink_dump(kernel->route, message, take_lifetime, lifetimes, &interrupted, error);
}

/* Reading MPTCP endpoints needs CAP_NET_ADMIN; all else does not. */
static NeoObserved *observe(NeoKernel *kernel, const NeoTables *tables, gboolean *ret_mptcp_seen, GError **error)
{
  NeoObserved *seen = neo_observe(kernel, tables, NULL);

  *ret_mptcp_seen = seen != NULL;
  if (seen)
    return seen;
  NeoKernel limited = *kernel;
  limited.mptcp_family = 0;
  return neo_observe(&limited, tables, error);
}

NeoGatewayView *neo_gateway_view(NeoKernel *kernel, const NeoPathsConf *conf, GError **error)
{
  g_autoptr(NeoGatewayView) view = g_new0(NeoGatewayView, 1);

  view->lifetimes = g_hash_table_new_full(neo_address_hash, neo_address_hash_equal, g_free, NULL);
  view->seen = observe(kernel, &conf->tables, &view->mptcp_seen, error);
  if (!view->seen || !dump_lifetimes(kernel, view->lifetimes, error))
    return NULL;
  view->desired = neo_desire(view->seen, conf, NULL);
  return g_steal_pointer(&view);
}

void neo_gateway_view_free(NeoGatewayView *view)
{
  if (!view)
    return;
  g_clear_pointer(&view->seen, neo_observed_free);
  g_clear_pointer(&view->desired, neo_desired_free);
  g_clear_pointer(&view->lifetimes, g_hash_table_unref);
  g_free(view);
}

static guint32 lease_of(const NeoGatewayView *view, const NeoAddress *address)
{
  gpointer seconds;

  return g_hash_table_lookup_extended(view->lifetimes, address, NULL, &seconds) ? GPOINTER_TO_UINT(seconds) : G_MAXUINT32;
}

/* The table that @address should have, which its rule names; 0 if the engine wants none for it. */
static const NeoRule *rule_for(const GArray *rules, const NeoAddress *address)
{
  for (guint i = 0; i < rules->len; i++) {
    const NeoRule *rule = &g_array_index(rules, NeoRule, i);
    if (rule->priority != NEO_RULE_OIF && rule->from_length && neo_address_equal(&rule->from, address))
      return rule;
  }
  return NULL;
}

static gboolean wants_endpoint(const NeoDesired *desired, const NeoAddress *address)
{
  for (guint i = 0; i < desired->endpoints->len; i++)
    if (neo_address_equal(&g_array_index(desired->endpoints, NeoWantedEndpoint, i).address, address))
      return TRUE;
  return FALSE;
}

static int endpoint_of(const NeoGatewayView *view, const NeoAddress *address)
{
  const NeoMptcpEndpoint *endpoint = neo_observed_endpoint(view->seen, address);

  if (!view->mptcp_seen)
    return -1;
  return endpoint ? endpoint->id : 0;
}

static const char *state_of(const NeoGatewayView *view, const NeoLink *link, const NeoStatusPath *path)
{
  if (!link->running)
    return "down";
  if (!path->address.family)
    return "no address";
  if (!path->table)
    return "no table";
  if (!path->rule)
    return "no rule";
  return path->mptcp_endpoint == 0 && wants_endpoint(view->desired, &path->address) ? "no endpoint" : "up";
}

static NeoStatusPath new_path(const NeoLink *link)
{
  NeoStatusPath path = { .traffic = NEO_TRAFFIC_NONE };

  memcpy(path.interface, link->name, sizeof path.interface);
  return path;
}

static void add_path(NeoStatus *status, const NeoGatewayView *view, const NeoLink *link, NeoStatusPath *path)
{
  path->state = state_of(view, link, path);
  g_array_append_val(status->paths, *path);
}

static void add_address(NeoStatus *status, const NeoGatewayView *view, const NeoLink *link, const NeoPath *found, const NeoAddress *address)
{
  /* Which of its two priorities it has is the engine's affair (NEO_RULE_FROM_FOREIGN). */
  const NeoRule *rule = rule_for(view->seen->rules, address);
  NeoStatusPath path = new_path(link);

  path.address = *address;
  path.lease = lease_of(view, address);
  path.table = found->table;
  path.rule = rule && rule->table == found->table;
  path.mptcp_endpoint = endpoint_of(view, address);
  add_path(status, view, link, &path);
}

/* Addresses of the path's family; one that the engine wants no rule for (a temporary one) is none of the path. */
static void take_found(NeoStatus *status, const NeoGatewayView *view, const NeoPath *found)
{
  const NeoLink *link = neo_observed_link(view->seen, found->link);
  guint before = status->paths->len;

  for (guint i = 0; i < view->seen->locals->len; i++) {
    const NeoLocal *local = &g_array_index(view->seen->locals, NeoLocal, i);
    if (local->link == found->link && local->address.family == found->family && rule_for(view->desired->rules, &local->address))
      add_address(status, view, link, found, &local->address);
  }
  if (status->paths->len > before)
    return;
  NeoStatusPath path = new_path(link);
  path.table = found->table;
  add_path(status, view, link, &path);
}

static gboolean is_found(const GArray *found, int link)
{
  for (guint i = 0; i < found->len; i++)
    if (g_array_index(found, NeoPath, i).link == link)
      return TRUE;
  return FALSE;
}

/* A macvlan that waits for its lease, or has one and no table. */
static void take_waiting(NeoStatus *status, const NeoGatewayView *view, const NeoLink *link)
{
  NeoStatusPath path = new_path(link);

  for (guint i = 0; i < view->seen->locals->len && !path.address.family; i++) {
    const NeoLocal *local = &g_array_index(view->seen->locals, NeoLocal, i);
    if (local->link == link->index)
      path.address = local->address;
  }
  if (path.address.family) {
    path.lease = lease_of(view, &path.address);
    path.mptcp_endpoint = endpoint_of(view, &path.address);
  }
  add_path(status, view, link, &path);
}

void neo_status_take_paths(NeoStatus *status, const NeoGatewayView *view)
{
  const NeoDesired *desired = view->desired;

  for (guint i = 0; i < desired->paths->len; i++)
    take_found(status, view, &g_array_index(desired->paths, NeoPath, i));
  for (guint i = 0; i < view->seen->links->len; i++) {
    const NeoLink *link = &g_array_index(view->seen->links, NeoLink, i);
    if (link->macvlan && !is_found(desired->paths, link->index))
      take_waiting(status, view, link);
  }
  for (guint i = 0; i < desired->complaints->len; i++)
    g_ptr_array_add(status->complaints, g_strdup(g_array_index(desired->complaints, NeoComplaint, i).text));
  status->gateway = status->paths->len > 0;
  status->userspace = view->seen->userspace;
}
