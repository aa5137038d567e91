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

/* Attributes one after the other (linux/netlink.h). With many thousand sockets libmnl's calls for each cost more than all else here. */
typedef struct {
  const guint8 *at;
  gsize left;
} Attributes;

typedef struct {
  guint16 type;
  gsize size;
  const guint8 *payload;
} Attribute;

static gboolean next_attribute(Attributes *rest, Attribute *ret_attribute)
{
  const struct nlattr *attr = (const struct nlattr *)rest->at;

  if (rest->left < NLA_HDRLEN || attr->nla_len < NLA_HDRLEN || attr->nla_len > rest->left)
    return FALSE;
  *ret_attribute = (Attribute){ attr->nla_type & NLA_TYPE_MASK, attr->nla_len - NLA_HDRLEN, rest->at + NLA_HDRLEN };
  gsize aligned = NLA_ALIGN(attr->nla_len), step = MIN(aligned, rest->left);
  rest->at += step;
  rest->left -= step;
  return TRUE;
}

/* What follows @header, which is as long as it should be. */
static Attributes attributes_of(const struct nlmsghdr *message, const struct inet_diag_msg *header)
{
  return (Attributes){ (const guint8 *)(header + 1), mnl_nlmsg_get_payload_len(message) - sizeof *header };
}

/* struct mptcp_info grows at its end; the header that this is built with may be older than these fields. */
enum { BYTES_SENT = 56, BYTES_RECEIVED = 64, COUNTED_SIZE = 80 };

static void take_mptcp_info(const Attribute *attribute, NeoMptcpSocket *socket)
{
  struct mptcp_info info = { 0 };
  guint64 sent, received;

  memcpy(&info, attribute->payload, MIN(attribute->size, sizeof info));
  socket->token = info.mptcpi_token;
  socket->fallback = (info.mptcpi_flags & MPTCP_INFO_FLAG_FALLBACK) != 0;
  socket->counted = attribute->size >= COUNTED_SIZE;
  if (!socket->counted)
    return;
  memcpy(&sent, attribute->payload + BYTES_SENT, sizeof sent);
  memcpy(&received, attribute->payload + BYTES_RECEIVED, sizeof received);
  socket->bytes = sent + received;
}

gboolean neo_sockets_parse_connection(const struct nlmsghdr *message, NeoMptcpSocket *ret_socket)
{
  NeoMptcpSocket socket = { 0 };
  const struct inet_diag_msg *header = neo_sock_diag_read(message, &socket.local, &socket.remote);
  Attribute attribute;

  if (!header)
    return FALSE;
  for (Attributes rest = attributes_of(message, header); next_attribute(&rest, &attribute);)
    if (attribute.type == INET_DIAG_INFO)
      take_mptcp_info(&attribute, &socket);
  socket.local_port = g_ntohs(header->id.idiag_sport);
  socket.remote_port = g_ntohs(header->id.idiag_dport);
  *ret_socket = socket;
  return TRUE;
}

static guint32 number(const Attribute *attribute)
{
  guint32 value;

  if (attribute->size != sizeof value)
    return 0;
  memcpy(&value, attribute->payload, sizeof value);
  return value;
}

static guint8 small_number(const Attribute *attribute)
{
  return attribute->size == sizeof(guint8) ? *attribute->payload : 0;
}

static void take_flags(guint32 flags, NeoSubflowSocket *socket)
{
  socket->backup = (flags & (MPTCP_SUBFLOW_FLAG_BKUP_LOC | MPTCP_SUBFLOW_FLAG_BKUP_REM)) != 0;
  socket->fallback = !(flags & (MPTCP_SUBFLOW_FLAG_MCAP_REM | MPTCP_SUBFLOW_FLAG_JOIN_REM));
}

static void take_subflow_info(Attributes rest, NeoSubflowSocket *socket)
{
  Attribute attribute;

  while (next_attribute(&rest, &attribute))
    switch (attribute.type) {
    case MPTCP_SUBFLOW_ATTR_TOKEN_LOC: socket->token = number(&attribute); break;
    case MPTCP_SUBFLOW_ATTR_TOKEN_REM: socket->remote_token = number(&attribute); break;
    case MPTCP_SUBFLOW_ATTR_FLAGS: take_flags(number(&attribute), socket); break;
    case MPTCP_SUBFLOW_ATTR_ID_LOC: socket->local_id = small_number(&attribute); break;
    case MPTCP_SUBFLOW_ATTR_ID_REM: socket->remote_id = small_number(&attribute); break;
    }
}

/* TRUE if it is MPTCP's. */
static gboolean take_ulp(Attributes rest, NeoSubflowSocket *socket)
{
  static const char name[] = "mptcp";
  gboolean is_subflow = FALSE;
  Attribute attribute;

  while (next_attribute(&rest, &attribute)) {
    if (attribute.type == INET_ULP_INFO_NAME)
      is_subflow |= attribute.size == sizeof name && memcmp(attribute.payload, name, sizeof name) == 0;
    if (attribute.type != INET_ULP_INFO_MPTCP)
      continue;
    is_subflow = TRUE;
    take_subflow_info((Attributes){ attribute.payload, attribute.size }, socket);
  }
  return is_subflow;
}

static void take_info(const Attribute *attribute, NeoSubflowSocket *socket)
{
  struct tcp_info info = { 0 };

  memcpy(&info, attribute->payload, MIN(attribute->size, sizeof info));
  socket->bytes_in = info.tcpi_bytes_received;
  socket->bytes_out = info.tcpi_bytes_acked;
  socket->rtt_us = info.tcpi_rtt;
  socket->retransmits = info.tcpi_total_retrans;
}

gboolean neo_sockets_parse_subflow(const struct nlmsghdr *message, NeoSubflowSocket *ret_socket)
{
  NeoSubflowSocket socket = { 0 };
  const struct inet_diag_msg *header = neo_sock_diag_read(message, &socket.local, &socket.remote);
  gboolean is_subflow = FALSE;
  Attribute attribute;

  if (!header)
    return FALSE;
  for (Attributes rest = attributes_of(message, header); next_attribute(&rest, &attribute);) {
    if (attribute.type == INET_DIAG_INFO)
      take_info(&attribute, &socket);
    if (attribute.type == INET_DIAG_ULP_INFO)
      is_subflow |= take_ulp((Attributes){ attribute.payload, attribute.size }, &socket);
  }
  if (!is_subflow)
    return FALSE;
  socket.cookie = (guint64)header->id.idiag_cookie[1] << 32 | header->id.idiag_cookie[0];
  socket.local_port = g_ntohs(header->id.idiag_sport);
  socket.remote_port = g_ntohs(header->id.idiag_dport);
  socket.link = header->id.idiag_if;
  socket.up = header->idiag_state == NEO_SOCKET_ESTABLISHED;
  socket.fallback &= socket.up;
  *ret_socket = socket;
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
