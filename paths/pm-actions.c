/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "paths/pm-actions.h"

#include <linux/genetlink.h>

#include "paths/pm-uapi.h"

static void put_address(struct nlmsghdr *message, guint16 type, const NeoAddress *address, guint16 port, int id, guint32 flags, int link)
{
  struct nlattr *nest = mnl_attr_nest_start(message, type);
  guint16 field = address->family == AF_INET ? MPTCP_PM_ADDR_ATTR_ADDR4 : MPTCP_PM_ADDR_ATTR_ADDR6;

  mnl_attr_put_u16(message, MPTCP_PM_ADDR_ATTR_FAMILY, address->family);
  mnl_attr_put(message, field, neo_address_size(address), address->bytes);
  if (id >= 0)
    mnl_attr_put_u8(message, MPTCP_PM_ADDR_ATTR_ID, id);
  if (port)
    mnl_attr_put_u16(message, MPTCP_PM_ADDR_ATTR_PORT, port);
  if (flags)
    mnl_attr_put_u32(message, MPTCP_PM_ADDR_ATTR_FLAGS, flags);
  if (link)
    mnl_attr_put_u32(message, MPTCP_PM_ADDR_ATTR_IF_IDX, link);
  mnl_attr_nest_end(message, nest);
}

gboolean neo_pm_do(NeoNetlink *generic, guint16 family, guint32 token, const NeoPmStep *step, int *ret_errno, GError **error)
{
  static const guint8 commands[] = {
    [NEO_PM_REMOVE] = MPTCP_PM_CMD_REMOVE, [NEO_PM_DESTROY] = MPTCP_PM_CMD_SUBFLOW_DESTROY,
    [NEO_PM_ANNOUNCE] = MPTCP_PM_CMD_ANNOUNCE, [NEO_PM_CREATE] = MPTCP_PM_CMD_SUBFLOW_CREATE,
  };
  char buffer[8192];
  struct nlmsghdr *message = neo_netlink_genl_message(buffer, family, commands[step->kind], MPTCP_PM_VER, 0);
  const NeoPmSubflow *subflow = &step->subflow;

  mnl_attr_put_u32(message, MPTCP_PM_ATTR_TOKEN, token);
  switch (step->kind) {
  case NEO_PM_REMOVE:
    mnl_attr_put_u8(message, MPTCP_PM_ATTR_LOC_ID, subflow->local_id);
    break;
  case NEO_PM_ANNOUNCE:
    put_address(message, MPTCP_PM_ATTR_ADDR, &subflow->local, subflow->local_port, subflow->local_id, MPTCP_PM_ADDR_FLAG_SIGNAL, 0);
    break;
  case NEO_PM_DESTROY:
    put_address(message, MPTCP_PM_ATTR_ADDR, &subflow->local, subflow->local_port, -1, 0, 0);
    put_address(message, MPTCP_PM_ATTR_ADDR_REMOTE, &subflow->remote, subflow->remote_port, -1, 0, 0);
    break;
  case NEO_PM_CREATE:
    put_address(message, MPTCP_PM_ATTR_ADDR, &subflow->local, 0, subflow->local_id,
                subflow->backup ? MPTCP_PM_ADDR_FLAG_BACKUP : 0, subflow->link);
    put_address(message, MPTCP_PM_ATTR_ADDR_REMOTE, &subflow->remote, subflow->remote_port, subflow->remote_id, 0, 0);
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

typedef struct {
  NeoPmRemote signal;
  guint32 flags;
} Endpoint;

static int take_field(const struct nlattr *attr, void *data)
{
  Endpoint *endpoint = data;

  switch (mnl_attr_get_type(attr)) {
  case MPTCP_PM_ADDR_ATTR_ADDR4:
  case MPTCP_PM_ADDR_ATTR_ADDR6:
    neo_pm_parse_address(mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr), &endpoint->signal.address);
    break;
  case MPTCP_PM_ADDR_ATTR_ID:
    endpoint->signal.id = mnl_attr_validate(attr, MNL_TYPE_U8) >= 0 ? mnl_attr_get_u8(attr) : 0;
    break;
  case MPTCP_PM_ADDR_ATTR_PORT:
    endpoint->signal.port = mnl_attr_validate(attr, MNL_TYPE_U16) >= 0 ? mnl_attr_get_u16(attr) : 0;
    break;
  case MPTCP_PM_ADDR_ATTR_FLAGS:
    endpoint->flags = mnl_attr_validate(attr, MNL_TYPE_U32) >= 0 ? mnl_attr_get_u32(attr) : 0;
    break;
  }
  return MNL_CB_OK;
}

static int take_endpoint(const struct nlmsghdr *message, void *data)
{
  GArray *signals = data;
  const struct nlattr *attr;
  Endpoint endpoint = { 0 };

  mnl_attr_for_each(attr, message, sizeof(struct genlmsghdr))
    if (mnl_attr_get_type(attr) == MPTCP_PM_ATTR_ADDR)
      mnl_attr_parse_nested(attr, take_field, &endpoint);
  if (endpoint.flags & MPTCP_PM_ADDR_FLAG_SIGNAL && endpoint.signal.id && endpoint.signal.address.family)
    g_array_append_val(signals, endpoint.signal);
  return MNL_CB_OK;
}

GArray *neo_pm_read_signals(NeoNetlink *generic, guint16 family, GError **error)
{
  g_autoptr(GArray) signals = g_array_new(FALSE, FALSE, sizeof(NeoPmRemote));
  char buffer[8192];
  struct nlmsghdr *message = neo_netlink_genl_message(buffer, family, MPTCP_PM_CMD_GET_ADDR, MPTCP_PM_VER, 0);
  gboolean interrupted;

  if (!neo_netlink_dump(generic, message, take_endpoint, signals, &interrupted, error))
    return NULL;
  return g_steal_pointer(&signals);
}
