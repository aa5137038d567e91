/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "paths/pm-diag.h"

#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <string.h>

#include "common/sock-diag.h"
#include "paths/pm-uapi.h"

static gboolean is_number(const struct nlattr *attr)
{
  return mnl_attr_validate(attr, MNL_TYPE_U32) >= 0;
}

/* The addresses that each answer begins with. */
static gboolean read_header(const struct nlmsghdr *message, NeoPmSocket *socket, guint8 *ret_state)
{
  NeoAddress local, remote;
  const struct inet_diag_msg *header = neo_sock_diag_read(message, &local, &remote);

  if (!header)
    return FALSE;
  socket->subflow = (NeoPmSubflow){
    .local = local, .remote = remote, .link = header->id.idiag_if,
    .local_port = GUINT16_FROM_BE(header->id.idiag_sport), .remote_port = GUINT16_FROM_BE(header->id.idiag_dport),
  };
  socket->cookie = header->id.idiag_cookie[0] | (guint64)header->id.idiag_cookie[1] << 32;
  *ret_state = header->idiag_state;
  return TRUE;
}

static int take_info(const struct nlattr *attr, void *data)
{
  struct mptcp_info *info = data;

  /* The structure grows at its end. */
  if (mnl_attr_get_type(attr) == INET_DIAG_INFO)
    memcpy(info, mnl_attr_get_payload(attr), MIN(mnl_attr_get_payload_len(attr), sizeof *info));
  return MNL_CB_OK;
}

gboolean neo_pm_parse_connection(const struct nlmsghdr *message, NeoPmSocket *ret_socket)
{
  NeoPmSocket socket = { .connection = TRUE };
  struct mptcp_info info = { 0 };
  guint8 state;

  if (!read_header(message, &socket, &state) || state != NEO_SOCKET_ESTABLISHED ||
      mnl_attr_parse(message, sizeof(struct inet_diag_msg), take_info, &info) < MNL_CB_STOP)
    return FALSE;
  if (!info.mptcpi_token || info.mptcpi_flags & MPTCP_INFO_FLAG_FALLBACK || !(info.mptcpi_flags & MPTCP_INFO_FLAG_REMOTE_KEY_RECEIVED))
    return FALSE;
  socket.token = info.mptcpi_token;
  socket.joins = info.mptcpi_subflows;
  socket.pending = info.mptcpi_write_seq != info.mptcpi_snd_una;
  socket.una = info.mptcpi_snd_una;
  *ret_socket = socket;
  return TRUE;
}

static int take_subflow(const struct nlattr *attr, void *data)
{
  NeoPmSocket *socket = data;

  switch (mnl_attr_get_type(attr)) {
  case MPTCP_SUBFLOW_ATTR_TOKEN_LOC:
    socket->token = is_number(attr) ? mnl_attr_get_u32(attr) : 0;
    break;
  case MPTCP_SUBFLOW_ATTR_FLAGS: {
    guint32 flags = is_number(attr) ? mnl_attr_get_u32(attr) : 0;
    socket->client_side = (flags & (MPTCP_SUBFLOW_FLAG_MCAP_LOC | MPTCP_SUBFLOW_FLAG_JOIN_LOC)) != 0;
    socket->subflow.backup = (flags & (MPTCP_SUBFLOW_FLAG_BKUP_LOC | MPTCP_SUBFLOW_FLAG_BKUP_REM)) != 0;
    break;
  }
  case MPTCP_SUBFLOW_ATTR_ID_LOC:
    socket->subflow.local_id = mnl_attr_validate(attr, MNL_TYPE_U8) >= 0 ? mnl_attr_get_u8(attr) : 0;
    break;
  case MPTCP_SUBFLOW_ATTR_ID_REM:
    socket->subflow.remote_id = mnl_attr_validate(attr, MNL_TYPE_U8) >= 0 ? mnl_attr_get_u8(attr) : 0;
    break;
  }
  return MNL_CB_OK;
}

static int take_ulp(const struct nlattr *attr, void *data)
{
  if (mnl_attr_get_type(attr) == INET_ULP_INFO_MPTCP)
    mnl_attr_parse_nested(attr, take_subflow, data);
  return MNL_CB_OK;
}

static void take_tcp_info(const struct nlattr *attr, NeoPmSocket *socket)
{
  struct tcp_info info = { 0 };

  memcpy(&info, mnl_attr_get_payload(attr), MIN(mnl_attr_get_payload_len(attr), sizeof info));
  socket->subflow.health.moved = info.tcpi_bytes_acked + info.tcpi_bytes_received;
  socket->sending = (NeoPmSending){
    .unacked = info.tcpi_unacked, .ack_ms = info.tcpi_last_ack_recv, .sent_ms = info.tcpi_last_data_sent,
    .rtt_us = info.tcpi_rtt, .rttvar_us = info.tcpi_rttvar, .acked = info.tcpi_bytes_acked,
    .timeouts = info.tcpi_retransmits, .window = info.tcpi_snd_wnd,
  };
}

static int take_ulp_info(const struct nlattr *attr, void *data)
{
  if (mnl_attr_get_type(attr) == INET_DIAG_INFO)
    take_tcp_info(attr, data);
  if (mnl_attr_get_type(attr) == INET_DIAG_ULP_INFO)
    mnl_attr_parse_nested(attr, take_ulp, data);
  return MNL_CB_OK;
}

gboolean neo_pm_parse_subflow(const struct nlmsghdr *message, NeoPmSocket *ret_socket)
{
  NeoPmSocket socket = { 0 };
  guint8 state;

  if (!read_header(message, &socket, &state) || (state != NEO_SOCKET_ESTABLISHED && state != NEO_SOCKET_SYN_SENT) ||
      mnl_attr_parse(message, sizeof(struct inet_diag_msg), take_ulp_info, &socket) < MNL_CB_STOP || !socket.token)
    return FALSE;
  socket.subflow.up = state == NEO_SOCKET_ESTABLISHED;
  *ret_socket = socket;
  return TRUE;
}

typedef struct {
  gboolean (*parse)(const struct nlmsghdr *message, NeoPmSocket *ret_socket);
  GArray *sockets;
} Dump;

static int take_socket(const struct nlmsghdr *message, void *data)
{
  Dump *dump = data;
  NeoPmSocket socket;

  if (dump->parse(message, &socket))
    g_array_append_val(dump->sockets, socket);
  return MNL_CB_OK;
}

static GArray *dump_sockets(NeoNetlink *diag, int protocol, guint32 states, gboolean (*parse)(const struct nlmsghdr *, NeoPmSocket *),
                            GError **error)
{
  g_autoptr(GArray) sockets = g_array_new(FALSE, FALSE, sizeof(NeoPmSocket));
  Dump dump = { parse, sockets };

  return neo_sock_diag_dump(diag, protocol, states, take_socket, &dump, error) ? g_steal_pointer(&sockets) : NULL;
}

GArray *neo_pm_diag_connections(NeoNetlink *diag, GError **error)
{
  return dump_sockets(diag, IPPROTO_MPTCP, 1 << NEO_SOCKET_ESTABLISHED, neo_pm_parse_connection, error);
}

GArray *neo_pm_diag_subflows(NeoNetlink *diag, GError **error)
{
  return dump_sockets(diag, IPPROTO_TCP, 1 << NEO_SOCKET_ESTABLISHED | 1 << NEO_SOCKET_SYN_SENT, neo_pm_parse_subflow, error);
}

GArray *neo_pm_diag_dump(NeoNetlink *diag, GError **error)
{
  g_autoptr(GArray) sockets = neo_pm_diag_connections(diag, error);
  g_autoptr(GArray) subflows = sockets ? neo_pm_diag_subflows(diag, error) : NULL;

  if (!subflows)
    return NULL;
  g_array_append_vals(sockets, subflows->data, subflows->len);
  return g_steal_pointer(&sockets);
}

gboolean neo_pm_diag_close(NeoNetlink *diag, const NeoPmSocket *socket, int *ret_errno, GError **error)
{
  const NeoPmSubflow *subflow = &socket->subflow;
  char buffer[8192];
  struct nlmsghdr *message = neo_netlink_message(buffer, SOCK_DESTROY, 0);
  struct inet_diag_req_v2 *request = mnl_nlmsg_put_extra_header(message, sizeof *request);

  *request = (struct inet_diag_req_v2){
    .sdiag_family = subflow->local.family, .sdiag_protocol = IPPROTO_TCP, .idiag_states = G_MAXUINT32,
    .id = {
      .idiag_sport = GUINT16_TO_BE(subflow->local_port), .idiag_dport = GUINT16_TO_BE(subflow->remote_port), .idiag_if = subflow->link,
      .idiag_cookie = { socket->cookie & G_MAXUINT32, socket->cookie >> 32 },
    },
  };
  memcpy(request->id.idiag_src, subflow->local.bytes, neo_address_size(&subflow->local));
  memcpy(request->id.idiag_dst, subflow->remote.bytes, neo_address_size(&subflow->remote));
  return neo_netlink_request(diag, message, ret_errno, error);
}
