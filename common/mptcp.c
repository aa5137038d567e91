/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/mptcp.h"

#include <linux/genetlink.h>
#include <linux/mptcp.h>

#include "common/error.h"

void neo_mptcp_put_endpoint(struct nlmsghdr *message, guint16 type, const NeoMptcpEndpoint *endpoint)
{
  const NeoAddress *address = &endpoint->address;
  struct nlattr *nest = mnl_attr_nest_start(message, type);

  mnl_attr_put_u16(message, MPTCP_PM_ADDR_ATTR_FAMILY, address->family);
  mnl_attr_put(message, address->family == AF_INET ? MPTCP_PM_ADDR_ATTR_ADDR4 : MPTCP_PM_ADDR_ATTR_ADDR6, neo_address_size(address),
               address->bytes);
  if (endpoint->id)
    mnl_attr_put_u8(message, MPTCP_PM_ADDR_ATTR_ID, endpoint->id);
  if (endpoint->port)
    mnl_attr_put_u16(message, MPTCP_PM_ADDR_ATTR_PORT, endpoint->port);
  if (endpoint->flags)
    mnl_attr_put_u32(message, MPTCP_PM_ADDR_ATTR_FLAGS, endpoint->flags);
  if (endpoint->link)
    mnl_attr_put_u32(message, MPTCP_PM_ADDR_ATTR_IF_IDX, endpoint->link);
  mnl_attr_nest_end(message, nest);
}

static guint32 get_u32(const struct nlattr *attr)
{
  return mnl_attr_validate(attr, MNL_TYPE_U32) >= 0 ? mnl_attr_get_u32(attr) : 0;
}

static void get_address(const struct nlattr *attr, sa_family_t family, NeoAddress *address)
{
  neo_address_from_bytes(family, mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr), address);
}

static int take_field(const struct nlattr *attr, void *data)
{
  NeoMptcpEndpoint *endpoint = data;

  switch (mnl_attr_get_type(attr)) {
  case MPTCP_PM_ADDR_ATTR_ADDR4:
    get_address(attr, AF_INET, &endpoint->address);
    break;
  case MPTCP_PM_ADDR_ATTR_ADDR6:
    get_address(attr, AF_INET6, &endpoint->address);
    break;
  case MPTCP_PM_ADDR_ATTR_ID:
    endpoint->id = mnl_attr_validate(attr, MNL_TYPE_U8) >= 0 ? mnl_attr_get_u8(attr) : 0;
    break;
  case MPTCP_PM_ADDR_ATTR_PORT:
    endpoint->port = mnl_attr_validate(attr, MNL_TYPE_U16) >= 0 ? mnl_attr_get_u16(attr) : 0;
    break;
  case MPTCP_PM_ADDR_ATTR_FLAGS:
    endpoint->flags = get_u32(attr);
    break;
  case MPTCP_PM_ADDR_ATTR_IF_IDX:
    endpoint->link = get_u32(attr);
    break;
  }
  return MNL_CB_OK;
}

static int take_nest(const struct nlattr *attr, void *data)
{
  return mnl_attr_get_type(attr) == MPTCP_PM_ATTR_ADDR ? mnl_attr_parse_nested(attr, take_field, data) : MNL_CB_OK;
}

static gboolean read_message(const struct nlmsghdr *message, mnl_attr_cb_t take, gpointer data)
{
  return mnl_nlmsg_get_payload_len(message) >= sizeof(struct genlmsghdr) &&
         mnl_attr_parse(message, sizeof(struct genlmsghdr), take, data) >= MNL_CB_STOP;
}

gboolean neo_mptcp_parse_endpoint(const struct nlmsghdr *message, NeoMptcpEndpoint *ret_endpoint)
{
  NeoMptcpEndpoint endpoint = { 0 };

  if (!read_message(message, take_nest, &endpoint) || !endpoint.address.family)
    return FALSE;
  *ret_endpoint = endpoint;
  return TRUE;
}

static int take_limit(const struct nlattr *attr, void *data)
{
  NeoMptcpLimits *limits = data;

  if (mnl_attr_get_type(attr) == MPTCP_PM_ATTR_SUBFLOWS)
    limits->subflows = get_u32(attr);
  else if (mnl_attr_get_type(attr) == MPTCP_PM_ATTR_RCV_ADD_ADDRS)
    limits->add_addr_accepted = get_u32(attr);
  return MNL_CB_OK;
}

gboolean neo_mptcp_parse_limits(const struct nlmsghdr *message, NeoMptcpLimits *ret_limits)
{
  NeoMptcpLimits limits = { 0 };

  if (!read_message(message, take_limit, &limits))
    return FALSE;
  *ret_limits = limits;
  return TRUE;
}

static int take_endpoint(const struct nlmsghdr *message, void *data)
{
  NeoMptcpEndpoint endpoint;

  if (neo_mptcp_parse_endpoint(message, &endpoint))
    g_array_append_val((GArray *)data, endpoint);
  return MNL_CB_OK;
}

gboolean neo_mptcp_list(NeoNetlink *generic, guint16 family, GArray *endpoints, gboolean *ret_interrupted, GError **error)
{
  char buffer[8192];
  struct nlmsghdr *message = neo_netlink_genl_message(buffer, family, MPTCP_PM_CMD_GET_ADDR, MPTCP_PM_VER, 0);

  return neo_netlink_dump(generic, message, take_endpoint, endpoints, ret_interrupted, error);
}

static gboolean change(NeoNetlink *generic, guint16 family, guint8 command, const NeoMptcpEndpoint *endpoint, int *ret_errno, GError **error)
{
  char buffer[8192];
  struct nlmsghdr *message = neo_netlink_genl_message(buffer, family, command, MPTCP_PM_VER, 0);

  neo_mptcp_put_endpoint(message, MPTCP_PM_ATTR_ADDR, endpoint);
  return neo_netlink_request(generic, message, ret_errno, error);
}

gboolean neo_mptcp_add(NeoNetlink *generic, guint16 family, const NeoMptcpEndpoint *endpoint, int *ret_errno, GError **error)
{
  return change(generic, family, MPTCP_PM_CMD_ADD_ADDR, endpoint, ret_errno, error);
}

gboolean neo_mptcp_remove(NeoNetlink *generic, guint16 family, const NeoMptcpEndpoint *endpoint, int *ret_errno, GError **error)
{
  NeoMptcpEndpoint named = { .address = endpoint->address, .id = endpoint->id };

  return change(generic, family, MPTCP_PM_CMD_DEL_ADDR, &named, ret_errno, error);
}

static int take_limits(const struct nlmsghdr *message, void *data)
{
  return neo_mptcp_parse_limits(message, data) ? MNL_CB_OK : MNL_CB_ERROR;
}

gboolean neo_mptcp_get_limits(NeoNetlink *generic, guint16 family, NeoMptcpLimits *ret_limits, GError **error)
{
  char buffer[8192];
  struct nlmsghdr *message = neo_netlink_genl_message(buffer, family, MPTCP_PM_CMD_GET_LIMITS, MPTCP_PM_VER, 0);

  return neo_netlink_get(generic, message, take_limits, ret_limits, error);
}

gboolean neo_mptcp_set_limits(NeoNetlink *generic, guint16 family, const NeoMptcpLimits *limits, int *ret_errno, GError **error)
{
  char buffer[8192];
  struct nlmsghdr *message = neo_netlink_genl_message(buffer, family, MPTCP_PM_CMD_SET_LIMITS, MPTCP_PM_VER, 0);

  mnl_attr_put_u32(message, MPTCP_PM_ATTR_RCV_ADD_ADDRS, limits->add_addr_accepted);
  mnl_attr_put_u32(message, MPTCP_PM_ATTR_SUBFLOWS, limits->subflows);
  return neo_netlink_request(generic, message, ret_errno, error);
}
