/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/sockets.h"

#include <linux/mptcp.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <string.h>

#include "common/sock-diag.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

/* struct mptcp_info grows at its end; the header that this is built with may be older than these fields. */
enum { BYTES_SENT = 56, BYTES_RECEIVED = 64, COUNTED_SIZE = 80 };

typedef struct {
  struct mptcp_info info;
  NeoMptcpSocket *socket;
} ReadingConnection;

static int take_mptcp_info(const struct nlattr *attr, void *data)
{
  ReadingConnection *reading = data;
  const guint8 *bytes = mnl_attr_get_payload(attr);
  gsize size = mnl_attr_get_payload_len(attr);
  guint64 sent, received;

  if (mnl_attr_get_type(attr) != INET_DIAG_INFO)
    return MNL_CB_OK;
  memcpy(&reading->info, bytes, MIN(size, sizeof reading->info));
  reading->socket->counted = size >= COUNTED_SIZE;
  if (!reading->socket->counted)
    return MNL_CB_OK;
  memcpy(&sent, bytes + BYTES_SENT, sizeof sent);
  memcpy(&received, bytes + BYTES_RECEIVED, sizeof received);
  reading->socket->bytes = sent + received;
  return MNL_CB_OK;
}

gboolean neo_sockets_parse_connection(const struct nlmsghdr *message, NeoMptcpSocket *ret_socket)
{
  NeoMptcpSocket socket = { 0 };
  ReadingConnection reading = { .socket = &socket };
  const struct inet_diag_msg *header = neo_sock_diag_read(message, &socket.local, &socket.remote);

  if (!header || mnl_attr_parse(message, sizeof *header, take_mptcp_info, &reading) < MNL_CB_STOP)
    return FALSE;
  socket.local_port = g_ntohs(header->id.idiag_sport);
  socket.remote_port = g_ntohs(header->id.idiag_dport);
  socket.token = reading.info.mptcpi_token;
  socket.fallback = (reading.info.mptcpi_flags & MPTCP_INFO_FLAG_FALLBACK) != 0;
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

static int take_subflow_info(const struct nlattr *attr, void *data)
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
    mnl_attr_parse_nested(attr, take_subflow_info, &reading->socket);
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
  const struct inet_diag_msg *header = neo_sock_diag_read(message, &reading.socket.local, &reading.socket.remote);

  if (!header || mnl_attr_parse(message, sizeof *header, take_tcp, &reading) < MNL_CB_STOP || !reading.is_subflow)
    return FALSE;
  reading.socket.cookie = (guint64)header->id.idiag_cookie[1] << 32 | header->id.idiag_cookie[0];
  reading.socket.local_port = g_ntohs(header->id.idiag_sport);
  reading.socket.remote_port = g_ntohs(header->id.idiag_dport);
  reading.socket.link = header->id.idiag_if;
  reading.socket.up = header->idiag_state == NEO_SOCKET_ESTABLISHED;
  reading.socket.fallback &= reading.socket.up;
  *ret_socket = reading.socket;
  return TRUE;
}

typedef struct {
  NeoTakeConnection take_connection;
  NeoTakeSubflow take_subflow;
  gpointer data;
} Visit;

static int visit_connection(const struct nlmsghdr *message, void *data)
{
  const Visit *visit = data;
  NeoMptcpSocket socket;

  if (neo_sockets_parse_connection(message, &socket))
    visit->take_connection(&socket, visit->data);
  return MNL_CB_OK;
}

static int visit_subflow(const struct nlmsghdr *message, void *data)
{
  const Visit *visit = data;
  NeoSubflowSocket socket;

  if (neo_sockets_parse_subflow(message, &socket))
    visit->take_subflow(&socket, visit->data);
  return MNL_CB_OK;
}

gboolean neo_sockets_each(NeoNetlink *diag, NeoTakeConnection take_connection, NeoTakeSubflow take_subflow, gpointer data, GError **error)
{
  static const guint32 states = 1 << NEO_SOCKET_ESTABLISHED | 1 << NEO_SOCKET_SYN_SENT;
  Visit visit = { take_connection, take_subflow, data };

  return (!take_connection || neo_sock_diag_dump(diag, IPPROTO_MPTCP, states, visit_connection, &visit, error)) &&
         neo_sock_diag_dump(diag, IPPROTO_TCP, states, visit_subflow, &visit, error);
}

guint neo_sockets_count(void)
{
  static const char label[] = "\nTCP: inuse ";
  g_autofree char *text = NULL;

  if (!g_file_get_contents("/proc/net/sockstat", &text, NULL, NULL))
    return 0;
  const char *line = strstr(text, label);
  return line ? g_ascii_strtoull(line + strlen(label), NULL, 10) : 0;
}
