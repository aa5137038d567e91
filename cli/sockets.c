/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/sockets.h"

#include <linux/inet_diag.h>
#include <linux/mptcp.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <string.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

/* States of TCP sockets (include/net/tcp_states.h); the C library's header that names them lacks the newer counters. */
enum { STATE_ESTABLISHED = 1, STATE_SYN_SENT = 2 };

NeoSockets *neo_sockets_new(void)
{
  NeoSockets *sockets = g_new0(NeoSockets, 1);

  sockets->connections = g_array_new(FALSE, FALSE, sizeof(NeoMptcpSocket));
  sockets->subflows = g_array_new(FALSE, FALSE, sizeof(NeoSubflowSocket));
  return sockets;
}

void neo_sockets_free(NeoSockets *sockets)
{
  if (!sockets)
    return;
  g_array_unref(sockets->connections);
  g_array_unref(sockets->subflows);
  g_free(sockets);
}

/* An address of an IPv6 socket that talks IPv4 is written as mapped. */
static gboolean read_address(sa_family_t family, const void *bytes, NeoAddress *ret_address)
{
  const struct in6_addr *six = bytes;

  if (family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(six))
    return neo_address_from_bytes(AF_INET, six->s6_addr + 12, 4, ret_address);
  return neo_address_from_bytes(family, bytes, family == AF_INET ? 4 : 16, ret_address);
}

static const struct inet_diag_msg *read_header(const struct nlmsghdr *message, NeoAddress *ret_local, NeoAddress *ret_remote)
{
  const struct inet_diag_msg *header = mnl_nlmsg_get_payload(message);

  if (mnl_nlmsg_get_payload_len(message) < sizeof *header ||
      (header->idiag_family != AF_INET && header->idiag_family != AF_INET6) ||
      !read_address(header->idiag_family, header->id.idiag_src, ret_local) ||
      !read_address(header->idiag_family, header->id.idiag_dst, ret_remote))
    return NULL;
  return header;
}

static int take_mptcp_info(const struct nlattr *attr, void *data)
{
  struct mptcp_info *info = data;

  /* The structure grows at its end. */
  if (mnl_attr_get_type(attr) == INET_DIAG_INFO)
    memcpy(info, mnl_attr_get_payload(attr), MIN(mnl_attr_get_payload_len(attr), sizeof *info));
  return MNL_CB_OK;
}

gboolean neo_sockets_parse_connection(const struct nlmsghdr *message, NeoMptcpSocket *ret_socket)
{
  NeoMptcpSocket socket = { 0 };
  struct mptcp_info info = { 0 };
  const struct inet_diag_msg *header = read_header(message, &socket.local, &socket.remote);

  if (!header || mnl_attr_parse(message, sizeof *header, take_mptcp_info, &info) < MNL_CB_STOP)
    return FALSE;
  socket.local_port = g_ntohs(header->id.idiag_sport);
  socket.remote_port = g_ntohs(header->id.idiag_dport);
  socket.token = info.mptcpi_token;
  socket.fallback = (info.mptcpi_flags & MPTCP_INFO_FLAG_FALLBACK) != 0;
  *ret_socket = socket;
  return TRUE;
}

static guint32 number(const struct nlattr *attr)
{
  return mnl_attr_validate(attr, MNL_TYPE_U32) >= 0 ? mnl_attr_get_u32(attr) : 0;
}

static guint8 small_number(const struct nlattr *attr)
{
  return mnl_attr_validate(attr, MNL_TYPE_U8) >= 0 ? mnl_attr_get_u8(attr) : 0;
}

static int take_subflow(const struct nlattr *attr, void *data)
{
  NeoSubflowSocket *socket = data;

  switch (mnl_attr_get_type(attr)) {
  case MPTCP_SUBFLOW_ATTR_TOKEN_LOC: socket->token = number(attr); break;
  case MPTCP_SUBFLOW_ATTR_FLAGS:
    socket->backup = (number(attr) & (MPTCP_SUBFLOW_FLAG_BKUP_LOC | MPTCP_SUBFLOW_FLAG_BKUP_REM)) != 0;
    socket->fallback = !(number(attr) & (MPTCP_SUBFLOW_FLAG_MCAP_REM | MPTCP_SUBFLOW_FLAG_JOIN_REM));
    break;
  case MPTCP_SUBFLOW_ATTR_ID_LOC: socket->local_id = small_number(attr); break;
  case MPTCP_SUBFLOW_ATTR_ID_REM: socket->remote_id = small_number(attr); break;
  }
  return MNL_CB_OK;
}

typedef struct {
  NeoSubflowSocket socket;
  gboolean is_subflow;
} Reading;

static int take_ulp(const struct nlattr *attr, void *data)
{
  Reading *reading = data;

  if (mnl_attr_get_type(attr) == INET_ULP_INFO_NAME && mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
    reading->is_subflow |= g_str_equal(mnl_attr_get_str(attr), "mptcp");
  if (mnl_attr_get_type(attr) == INET_ULP_INFO_MPTCP) {
    reading->is_subflow = TRUE;
    mnl_attr_parse_nested(attr, take_subflow, &reading->socket);
  }
  return MNL_CB_OK;
}

static void take_info(const struct nlattr *attr, NeoSubflowSocket *socket)
{
  struct tcp_info info = { 0 };

  memcpy(&info, mnl_attr_get_payload(attr), MIN(mnl_attr_get_payload_len(attr), sizeof info));
  socket->bytes_in = info.tcpi_bytes_received;
  socket->bytes_out = info.tcpi_bytes_acked;
  socket->rtt_us = info.tcpi_rtt;
  socket->retransmits = info.tcpi_total_retrans;
}

static int take_tcp(const struct nlattr *attr, void *data)
{
  Reading *reading = data;

  if (mnl_attr_get_type(attr) == INET_DIAG_INFO)
    take_info(attr, &reading->socket);
  if (mnl_attr_get_type(attr) == INET_DIAG_ULP_INFO)
    mnl_attr_parse_nested(attr, take_ulp, reading);
  return MNL_CB_OK;
}

gboolean neo_sockets_parse_subflow(const struct nlmsghdr *message, NeoSubflowSocket *ret_socket)
{
  Reading reading = { 0 };
  const struct inet_diag_msg *header = read_header(message, &reading.socket.local, &reading.socket.remote);

  if (!header || mnl_attr_parse(message, sizeof *header, take_tcp, &reading) < MNL_CB_STOP || !reading.is_subflow)
    return FALSE;
  reading.socket.local_port = g_ntohs(header->id.idiag_sport);
  reading.socket.remote_port = g_ntohs(header->id.idiag_dport);
  reading.socket.link = header->id.idiag_if;
  reading.socket.up = header->idiag_state == STATE_ESTABLISHED;
  reading.socket.fallback &= reading.socket.up;
  *ret_socket = reading.socket;
  return TRUE;
}

static int add_connection(const struct nlmsghdr *message, void *data)
{
  NeoMptcpSocket socket;

  if (neo_sockets_parse_connection(message, &socket))
    g_array_append_val(((NeoSockets *)data)->connections, socket);
  return MNL_CB_OK;
}

static int add_subflow(const struct nlmsghdr *message, void *data)
{
  NeoSubflowSocket socket;

  if (neo_sockets_parse_subflow(message, &socket))
    g_array_append_val(((NeoSockets *)data)->subflows, socket);
  return MNL_CB_OK;
}

/* The MPTCP protocol number does not fit the 8 bits of the request and goes into an attribute (linux/inet_diag.h). */
static gboolean dump(NeoNetlink *diag, sa_family_t family, guint32 protocol, mnl_cb_t take, NeoSockets *sockets, GError **error)
{
  char buffer[8192];
  struct nlmsghdr *message = neo_netlink_message(buffer, SOCK_DIAG_BY_FAMILY, 0);
  struct inet_diag_req_v2 *request = mnl_nlmsg_put_extra_header(message, sizeof *request);
  gboolean interrupted;

  *request = (struct inet_diag_req_v2){
    .sdiag_family = family, .sdiag_protocol = protocol > G_MAXUINT8 ? IPPROTO_RAW : protocol,
    .idiag_ext = 1 << (INET_DIAG_INFO - 1), .idiag_states = 1 << STATE_ESTABLISHED | 1 << STATE_SYN_SENT,
  };
  if (protocol > G_MAXUINT8)
    mnl_attr_put_u32(message, INET_DIAG_REQ_PROTOCOL, protocol);
  return neo_netlink_dump(diag, message, take, sockets, &interrupted, error);
}

NeoSockets *neo_sockets_dump(NeoNetlink *diag, GError **error)
{
  static const sa_family_t families[] = { AF_INET, AF_INET6 };
  g_autoptr(NeoSockets) sockets = neo_sockets_new();

  sockets->taken_at = g_get_monotonic_time();
  for (guint i = 0; i < G_N_ELEMENTS(families); i++)
    if (!dump(diag, families[i], IPPROTO_MPTCP, add_connection, sockets, error) ||
        !dump(diag, families[i], IPPROTO_TCP, add_subflow, sockets, error))
      return NULL;
  return g_steal_pointer(&sockets);
}
