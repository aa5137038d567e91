/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "xtables-ext/relay-flows.h"

#include <errno.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tcp.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <string.h>

#include "xtables-ext/relay-drain-rules.h"

guint neo_relay_tuple_hash(gconstpointer data)
{
  const NeoRelayTuple *tuple = data;
  guint32 from, to;

  memcpy(&from, tuple->from.bytes + neo_address_size(&tuple->from) - sizeof from, sizeof from);
  memcpy(&to, tuple->to.bytes + neo_address_size(&tuple->to) - sizeof to, sizeof to);
  return from ^ to * 31 ^ ((guint)tuple->from_port << 16 | tuple->to_port);
}

gboolean neo_relay_tuple_equal(gconstpointer a, gconstpointer b)
{
  const NeoRelayTuple *one = a, *two = b;

  return one->from_port == two->from_port && one->to_port == two->to_port && neo_address_equal(&one->from, &two->from) &&
         neo_address_equal(&one->to, &two->to);
}

/* What a message is read into: the flow, and what tells whether it is one. */
typedef struct {
  NeoRelayFlow flow;
  guint32 status;
  guint8 state;
} Reading;

static void take_address(const struct nlattr *attr, NeoAddress *address)
{
  guint16 size = mnl_attr_get_payload_len(attr);

  neo_address_from_bytes(size == 4 ? AF_INET : AF_INET6, mnl_attr_get_payload(attr), size, address);
}

static int take_ip(const struct nlattr *attr, void *data)
{
  NeoRelayTuple *tuple = data;

  switch (mnl_attr_get_type(attr)) {
    case CTA_IP_V4_SRC:
    case CTA_IP_V6_SRC: take_address(attr, &tuple->from); break;
    case CTA_IP_V4_DST:
    case CTA_IP_V6_DST: take_address(attr, &tuple->to); break;
  }
  return MNL_CB_OK;
}

static guint16 port_of(const struct nlattr *attr)
{
  return mnl_attr_validate(attr, MNL_TYPE_U16) < 0 ? 0 : g_ntohs(mnl_attr_get_u16(attr));
}

static int take_ports(const struct nlattr *attr, void *data)
{
  NeoRelayTuple *tuple = data;

  switch (mnl_attr_get_type(attr)) {
    case CTA_PROTO_NUM:
      /* Any other protocol ends the reading. */
      return mnl_attr_validate(attr, MNL_TYPE_U8) >= 0 && mnl_attr_get_u8(attr) == IPPROTO_TCP ? MNL_CB_OK : MNL_CB_ERROR;
    case CTA_PROTO_SRC_PORT: tuple->from_port = port_of(attr); break;
    case CTA_PROTO_DST_PORT: tuple->to_port = port_of(attr); break;
  }
  return MNL_CB_OK;
}

static int take_tuple(const struct nlattr *attr, void *data)
{
  switch (mnl_attr_get_type(attr)) {
    case CTA_TUPLE_IP: return mnl_attr_parse_nested(attr, take_ip, data);
    case CTA_TUPLE_PROTO: return mnl_attr_parse_nested(attr, take_ports, data);
  }
  return MNL_CB_OK;
}

static int take_tcp(const struct nlattr *attr, void *data)
{
  if (mnl_attr_get_type(attr) == CTA_PROTOINFO_TCP_STATE && mnl_attr_validate(attr, MNL_TYPE_U8) >= 0)
    *(guint8 *)data = mnl_attr_get_u8(attr);
  return MNL_CB_OK;
}

static int take_protocol(const struct nlattr *attr, void *data)
{
  return mnl_attr_get_type(attr) == CTA_PROTOINFO_TCP ? mnl_attr_parse_nested(attr, take_tcp, data) : MNL_CB_OK;
}

static int take_attr(const struct nlattr *attr, void *data)
{
  Reading *reading = data;

  switch (mnl_attr_get_type(attr)) {
    case CTA_TUPLE_ORIG: return mnl_attr_parse_nested(attr, take_tuple, &reading->flow.original);
    case CTA_TUPLE_REPLY: return mnl_attr_parse_nested(attr, take_tuple, &reading->flow.reply);
    case CTA_PROTOINFO: return mnl_attr_parse_nested(attr, take_protocol, &reading->state);
    case CTA_STATUS:
      if (mnl_attr_validate(attr, MNL_TYPE_U32) >= 0)
        reading->status = g_ntohl(mnl_attr_get_u32(attr));
      break;
    case CTA_ID:
      if (mnl_attr_validate(attr, MNL_TYPE_U32) >= 0)
        reading->flow.id = mnl_attr_get_u32(attr);
      break;
    case CTA_ZONE:
      if (mnl_attr_validate(attr, MNL_TYPE_U16) >= 0)
        reading->flow.zone = mnl_attr_get_u16(attr);
      break;
  }
  return MNL_CB_OK;
}

static gboolean is_whole(const NeoRelayTuple *tuple)
{
  return tuple->from.family && tuple->from.family == tuple->to.family && tuple->from_port && tuple->to_port;
}

/* The states in which no end waits for more (net/netfilter/nf_conntrack_proto_tcp.c). */
static gboolean is_open(guint8 state)
{
  return state != TCP_CONNTRACK_NONE && state != TCP_CONNTRACK_LAST_ACK && state != TCP_CONNTRACK_TIME_WAIT && state != TCP_CONNTRACK_CLOSE;
}

gboolean neo_relay_flow_parse(const struct nlmsghdr *message, NeoRelayFlow *ret_flow)
{
  Reading reading = { 0 };

  if (message->nlmsg_type != (NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW) ||
      mnl_nlmsg_get_payload_len(message) < sizeof(struct nfgenmsg) ||
      mnl_attr_parse(message, sizeof(struct nfgenmsg), take_attr, &reading) != MNL_CB_OK)
    return FALSE;
  if (!(reading.status & IPS_DST_NAT) || !is_whole(&reading.flow.original) || !is_whole(&reading.flow.reply) ||
      reading.flow.original.from.family != reading.flow.reply.from.family)
    return FALSE;
  reading.flow.open = is_open(reading.state);
  *ret_flow = reading.flow;
  return TRUE;
}

static gboolean came_in_at(const NeoRelayFlow *flow, const GArray *doors)
{
  for (guint i = 0; i < doors->len; i++) {
    const NeoRelayDoor *door = &g_array_index(doors, NeoRelayDoor, i);
    if (flow->original.to_port == door->port && neo_address_equal(&flow->original.to, &door->listen))
      return TRUE;
  }
  return FALSE;
}

typedef struct {
  const GArray *doors;
  GArray *flows;
} Dump;

static int take_flow(const struct nlmsghdr *message, void *data)
{
  Dump *dump = data;
  NeoRelayFlow flow;

  if (neo_relay_flow_parse(message, &flow) && came_in_at(&flow, dump->doors))
    g_array_append_val(dump->flows, flow);
  return MNL_CB_OK;
}

static struct nlmsghdr *make_message(char buffer[static 8192], guint type, sa_family_t family)
{
  struct nlmsghdr *message = neo_netlink_message(buffer, NFNL_SUBSYS_CTNETLINK << 8 | type, 0);
  struct nfgenmsg *header = mnl_nlmsg_put_extra_header(message, sizeof *header);

  *header = (struct nfgenmsg){ .nfgen_family = family, .version = NFNETLINK_V0 };
  return message;
}

GArray *neo_relay_flows(NeoNetlink *netlink, const GArray *doors, GError **error)
{
  g_autoptr(GArray) flows = g_array_new(FALSE, FALSE, sizeof(NeoRelayFlow));
  char buffer[8192];
  Dump dump = { doors, flows };
  gboolean interrupted = FALSE;
  struct nlmsghdr *message = make_message(buffer, IPCTNL_MSG_CT_GET, AF_UNSPEC);

  if (!neo_netlink_dump(netlink, message, take_flow, &dump, &interrupted, error)) {
    g_prefix_error(error, "connection tracking: ");
    return NULL;
  }
  return g_steal_pointer(&flows);
}

static void put_tuple(struct nlmsghdr *message, guint16 type, const NeoRelayTuple *tuple)
{
  gboolean six = tuple->from.family == AF_INET6;
  struct nlattr *nest = mnl_attr_nest_start(message, type), *inner = mnl_attr_nest_start(message, CTA_TUPLE_IP);

  mnl_attr_put(message, six ? CTA_IP_V6_SRC : CTA_IP_V4_SRC, neo_address_size(&tuple->from), tuple->from.bytes);
  mnl_attr_put(message, six ? CTA_IP_V6_DST : CTA_IP_V4_DST, neo_address_size(&tuple->to), tuple->to.bytes);
  mnl_attr_nest_end(message, inner);
  inner = mnl_attr_nest_start(message, CTA_TUPLE_PROTO);
  mnl_attr_put_u8(message, CTA_PROTO_NUM, IPPROTO_TCP);
  mnl_attr_put_u16(message, CTA_PROTO_SRC_PORT, g_htons(tuple->from_port));
  mnl_attr_put_u16(message, CTA_PROTO_DST_PORT, g_htons(tuple->to_port));
  mnl_attr_nest_end(message, inner);
  mnl_attr_nest_end(message, nest);
}

gboolean neo_relay_flow_delete(NeoNetlink *netlink, const NeoRelayFlow *flow, GError **error)
{
  char buffer[8192];
  int errnum = 0;
  g_autoptr(GError) why = NULL;
  struct nlmsghdr *message = make_message(buffer, IPCTNL_MSG_CT_DELETE, flow->original.from.family);

  put_tuple(message, CTA_TUPLE_ORIG, &flow->original);
  mnl_attr_put_u32(message, CTA_ID, flow->id);
  if (flow->zone)
    mnl_attr_put_u16(message, CTA_ZONE, flow->zone);
  if (neo_netlink_request(netlink, message, &errnum, &why) || errnum == ENOENT)
    return TRUE;
  g_propagate_prefixed_error(error, g_steal_pointer(&why), "connection tracking: ");
  return FALSE;
}
