/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "paths/observe.h"

#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include "common/sysctl.h"
#include "paths/parse.h"
#include "paths/pm-select.h"

/* A table that changes faster than this many dumps is used as it was read: the next event starts a new run. */
#define MAX_TRIES 5

typedef struct {
  NeoKernel *kernel;
  const NeoTables *tables;
  NeoObserved *seen;
  gboolean interrupted;
} Observer;

static int take_link(const struct nlmsghdr *message, void *data)
{
  NeoLink link;

  if (neo_parse_link(message, &link))
    g_array_append_val(((Observer *)data)->seen->links, link);
  return MNL_CB_OK;
}

static int take_local(const struct nlmsghdr *message, void *data)
{
  NeoLocal local;

  if (neo_parse_local(message, &local))
    g_array_append_val(((Observer *)data)->seen->locals, local);
  return MNL_CB_OK;
}

/* A table full of routes says no more than one of them. */
static gboolean is_news(const GArray *routes, const NeoRoute *route)
{
  const NeoRoute *last = routes->len ? &g_array_index(routes, NeoRoute, routes->len - 1) : NULL;

  return route->is_default || !last || last->is_default || last->family != route->family ||
         last->table != route->table || last->link != route->link;
}

static int take_route(const struct nlmsghdr *message, void *data)
{
  Observer *observer = data;
  NeoRoute route;

  if (!neo_parse_route(message, &route))
    return MNL_CB_OK;
  gboolean in_range = route.table >= observer->tables->first && route.table <= observer->tables->last;
  if ((in_range || route.is_default) && is_news(observer->seen->routes, &route))
    g_array_append_val(observer->seen->routes, route);
  return MNL_CB_OK;
}

static int take_rule(const struct nlmsghdr *message, void *data)
{
  NeoRule rule;

  if (neo_parse_rule(message, &rule))
    g_array_append_val(((Observer *)data)->seen->rules, rule);
  return MNL_CB_OK;
}

static gboolean dump_links(Observer *observer, GError **error)
{
  char buffer[8192];
  struct nlmsghdr *message = neo_netlink_message(buffer, RTM_GETLINK, 0);

  mnl_nlmsg_put_extra_header(message, sizeof(struct ifinfomsg));
  mnl_attr_put_u32(message, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
  return neo_netlink_dump(observer->kernel->route, message, take_link, observer, &observer->interrupted, error);
}

static gboolean dump_locals(Observer *observer, GError **error)
{
  char buffer[8192];
  struct nlmsghdr *message = neo_netlink_message(buffer, RTM_GETADDR, 0);

  mnl_nlmsg_put_extra_header(message, sizeof(struct ifaddrmsg));
  return neo_netlink_dump(observer->kernel->route, message, take_local, observer, &observer->interrupted, error);
}

static gboolean dump_routes(Observer *observer, sa_family_t family, GError **error)
{
  char buffer[8192];
  struct nlmsghdr *message = neo_netlink_message(buffer, RTM_GETROUTE, 0);
  struct rtmsg *header = mnl_nlmsg_put_extra_header(message, sizeof *header);

  header->rtm_family = family;
  header->rtm_type = RTN_UNICAST;
  return neo_netlink_dump(observer->kernel->route, message, take_route, observer, &observer->interrupted, error);
}

/* Of all families at once: a kernel without IPv6 would refuse to dump its rules. */
static gboolean dump_rules(Observer *observer, GError **error)
{
  char buffer[8192];
  struct nlmsghdr *message = neo_netlink_message(buffer, RTM_GETRULE, 0);

  mnl_nlmsg_put_extra_header(message, sizeof(struct fib_rule_hdr));
  return neo_netlink_dump(observer->kernel->route, message, take_rule, observer, &observer->interrupted, error);
}

static gboolean dump_mptcp(Observer *observer, GError **error)
{
  NeoKernel *kernel = observer->kernel;

  if (!kernel->mptcp_family)
    return TRUE;
  if (!neo_mptcp_list(kernel->generic, kernel->mptcp_family, observer->seen->endpoints, &observer->interrupted, error) ||
      !neo_mptcp_get_limits(kernel->generic, kernel->mptcp_family, &observer->seen->limits, error))
    return FALSE;
  observer->seen->mptcp = TRUE;
  observer->seen->limit_max = kernel->limit_max;
  observer->seen->userspace = neo_pm_is_selected();
  return TRUE;
}

static gboolean read_sysctls(const char *conf, NeoSysctls *ret_sysctls, GError **error)
{
  for (guint i = 0; i < NEO_N_SYSCTLS; i++) {
    g_autofree char *key = g_strdup_printf("net/ipv4/conf/%s/%s", conf, neo_sysctl_name(i));
    g_autofree char *text = neo_sysctl_read(key, error);
    if (!text)
      return FALSE;
    ret_sysctls->value[i] = g_ascii_strtoull(text, NULL, 10);
  }
  return TRUE;
}

static gboolean observe_once(Observer *observer, GError **error)
{
  NeoObserved *seen = observer->seen;

  return read_sysctls("all", &seen->sysctls_all, error) && read_sysctls("default", &seen->sysctls_default, error) &&
         dump_links(observer, error) && dump_locals(observer, error) && dump_routes(observer, AF_INET, error) &&
         dump_routes(observer, AF_INET6, error) && dump_rules(observer, error) &&
         dump_mptcp(observer, error);
}

NeoObserved *neo_observe(NeoKernel *kernel, const NeoTables *tables, GError **error)
{
  Observer observer = { kernel, tables };

  for (guint try = 0; try < MAX_TRIES; try++) {
    g_autoptr(NeoObserved) seen = observer.seen = neo_observed_new();
    observer.interrupted = FALSE;
    if (!observe_once(&observer, error))
      return NULL;
    if (!observer.interrupted || try == MAX_TRIES - 1)
      return g_steal_pointer(&seen);
  }
  return NULL;
}
