/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "paths/pm-actions.h"

#include "common/mptcp.h"
#include "paths/pm-uapi.h"

gboolean neo_pm_do(NeoNetlink *generic, guint16 family, guint32 token, const NeoPmStep *step, int *ret_errno, GError **error)
{
  static const guint8 commands[] = {
    [NEO_PM_REMOVE] = MPTCP_PM_CMD_REMOVE, [NEO_PM_DESTROY] = MPTCP_PM_CMD_SUBFLOW_DESTROY,
    [NEO_PM_ANNOUNCE] = MPTCP_PM_CMD_ANNOUNCE, [NEO_PM_CREATE] = MPTCP_PM_CMD_SUBFLOW_CREATE,
  };
  char buffer[8192];
  struct nlmsghdr *message = neo_netlink_genl_message(buffer, family, commands[step->kind], MPTCP_PM_VER, 0);
  const NeoPmSubflow *subflow = &step->subflow;
  NeoMptcpEndpoint local = { .address = subflow->local }, remote = { .address = subflow->remote, .port = subflow->remote_port };

  mnl_attr_put_u32(message, MPTCP_PM_ATTR_TOKEN, token);
  switch (step->kind) {
  case NEO_PM_REMOVE:
    mnl_attr_put_u8(message, MPTCP_PM_ATTR_LOC_ID, subflow->local_id);
    break;
  case NEO_PM_ANNOUNCE:
    local.id = subflow->local_id;
    local.port = subflow->local_port;
    local.flags = MPTCP_PM_ADDR_FLAG_SIGNAL | (subflow->backup ? MPTCP_PM_ADDR_FLAG_BACKUP : 0);
    neo_mptcp_put_endpoint(message, MPTCP_PM_ATTR_ADDR, &local);
    break;
  case NEO_PM_DESTROY:
    local.port = subflow->local_port;
    neo_mptcp_put_endpoint(message, MPTCP_PM_ATTR_ADDR, &local);
    neo_mptcp_put_endpoint(message, MPTCP_PM_ATTR_ADDR_REMOTE, &remote);
    break;
  case NEO_PM_CREATE:
    local.id = subflow->local_id;
    local.flags = subflow->backup ? MPTCP_PM_ADDR_FLAG_BACKUP : 0;
    local.link = subflow->link;
    remote.id = subflow->remote_id;
    neo_mptcp_put_endpoint(message, MPTCP_PM_ATTR_ADDR, &local);
    neo_mptcp_put_endpoint(message, MPTCP_PM_ATTR_ADDR_REMOTE, &remote);
    break;
  }
  return neo_netlink_request(generic, message, ret_errno, error);
}

gboolean neo_pm_owns(NeoNetlink *generic, guint16 family, guint32 token)
{
  char buffer[8192];
  struct nlmsghdr *message = neo_netlink_genl_message(buffer, family, MPTCP_PM_CMD_GET_ADDR, MPTCP_PM_VER, 0);
  gboolean interrupted;

  mnl_attr_put_u32(message, MPTCP_PM_ATTR_TOKEN, token);
  return neo_netlink_dump(generic, message, NULL, NULL, &interrupted, NULL);
}

GArray *neo_pm_read_signals(NeoNetlink *generic, guint16 family, GError **error)
{
  g_autoptr(GArray) endpoints = g_array_new(FALSE, FALSE, sizeof(NeoMptcpEndpoint));
  GArray *signals;
  gboolean interrupted;

  if (!neo_mptcp_list(generic, family, endpoints, &interrupted, error))
    return NULL;
  signals = g_array_new(FALSE, FALSE, sizeof(NeoPmRemote));
  for (guint i = 0; i < endpoints->len; i++) {
    const NeoMptcpEndpoint *endpoint = &g_array_index(endpoints, NeoMptcpEndpoint, i);
    NeoPmRemote signal = {
      .address = endpoint->address, .port = endpoint->port, .id = endpoint->id,
      .backup = (endpoint->flags & MPTCP_PM_ADDR_FLAG_BACKUP) != 0,
    };
    if (endpoint->flags & MPTCP_PM_ADDR_FLAG_SIGNAL && endpoint->id)
      g_array_append_val(signals, signal);
  }
  return signals;
}
