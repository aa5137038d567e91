/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/sock-diag.h"

#include <linux/sock_diag.h>
#include <netinet/in.h>

/* The number of MPTCP does not fit the 8 bits of the request and goes into an attribute (linux/inet_diag.h). */
static gboolean dump_family(NeoNetlink *diag, sa_family_t family, int protocol, guint32 states, mnl_cb_t take, gpointer data, GError **error)
{
  char buffer[8192];
  struct nlmsghdr *message = neo_netlink_message(buffer, SOCK_DIAG_BY_FAMILY, 0);
  struct inet_diag_req_v2 *request = mnl_nlmsg_put_extra_header(message, sizeof *request);
  gboolean interrupted;

  *request = (struct inet_diag_req_v2){
    .sdiag_family = family, .sdiag_protocol = protocol > G_MAXUINT8 ? IPPROTO_RAW : protocol,
    .idiag_ext = 1 << (INET_DIAG_INFO - 1), .idiag_states = states,
  };
  if (protocol > G_MAXUINT8)
    mnl_attr_put_u32(message, INET_DIAG_REQ_PROTOCOL, protocol);
  return neo_netlink_dump(diag, message, take, data, &interrupted, error);
}

/* The older request for TCP answers with both families. The newer one would walk the table of all sockets once for each, which is long with many. */
static gboolean dump_tcp(NeoNetlink *diag, guint32 states, mnl_cb_t take, gpointer data, GError **error)
{
  char buffer[8192];
  struct nlmsghdr *message = neo_netlink_message(buffer, TCPDIAG_GETSOCK, 0);
  struct inet_diag_req *request = mnl_nlmsg_put_extra_header(message, sizeof *request);
  gboolean interrupted;

  *request = (struct inet_diag_req){ .idiag_ext = 1 << (INET_DIAG_INFO - 1), .idiag_states = states };
  return neo_netlink_dump(diag, message, take, data, &interrupted, error);
}

gboolean neo_sock_diag_dump(NeoNetlink *diag, int protocol, guint32 states, mnl_cb_t take, gpointer data, GError **error)
{
  if (protocol == IPPROTO_TCP)
    return dump_tcp(diag, states, take, data, error);
  return dump_family(diag, AF_INET, protocol, states, take, data, error) && dump_family(diag, AF_INET6, protocol, states, take, data, error);
}

const struct inet_diag_msg *neo_sock_diag_read(const struct nlmsghdr *message, NeoAddress *ret_local, NeoAddress *ret_remote)
{
  const struct inet_diag_msg *header = mnl_nlmsg_get_payload(message);

  if (mnl_nlmsg_get_payload_len(message) < sizeof *header || (header->idiag_family != AF_INET && header->idiag_family != AF_INET6))
    return NULL;
  gsize size = header->idiag_family == AF_INET ? 4 : 16;
  return neo_address_unmap(header->id.idiag_src, size, ret_local) && neo_address_unmap(header->id.idiag_dst, size, ret_remote) ? header : NULL;
}
