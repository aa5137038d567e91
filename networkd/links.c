/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "networkd/links.h"

#include <linux/rtnetlink.h>

#include "common/netlink.h"
#include "paths/parse.h"

static int take_link(const struct nlmsghdr *message, void *data)
{
  neo_parse_link(message, data);
  return MNL_CB_OK;
}

static gboolean find_link(NeoNetlink *netlink, const char *name, NeoLink *ret_link)
{
  char buffer[8192];
  struct nlmsghdr *message = neo_netlink_message(buffer, RTM_GETLINK, 0);
  NeoLink link = { 0 };

  mnl_nlmsg_put_extra_header(message, sizeof(struct ifinfomsg));
  mnl_attr_put_strz(message, IFLA_IFNAME, name);
  if (!neo_netlink_get(netlink, message, take_link, &link, NULL) || !link.index)
    return FALSE;
  *ret_link = link;
  return TRUE;
}

static gboolean delete_link(NeoNetlink *netlink, int index, GError **error)
{
  char buffer[8192];
  struct nlmsghdr *message = neo_netlink_message(buffer, RTM_DELLINK, 0);
  struct ifinfomsg *header = mnl_nlmsg_put_extra_header(message, sizeof *header);

  header->ifi_index = index;
  return neo_netlink_request(netlink, message, NULL, error);
}

gboolean neo_links_delete(const GPtrArray *names, GError **error)
{
  if (names->len == 0)
    return TRUE;
  g_autoptr(NeoNetlink) netlink = neo_netlink_open(NETLINK_ROUTE, 0, error);
  if (!netlink)
    return FALSE;
  for (guint i = 0; i < names->len; i++) {
    NeoLink link;
    if (find_link(netlink, names->pdata[i], &link) && link.macvlan && !delete_link(netlink, link.index, error))
      return FALSE;
  }
  return TRUE;
}
