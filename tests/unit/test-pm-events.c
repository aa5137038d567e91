/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/inet_diag.h>
#include <linux/mptcp.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <string.h>

#include "paths/pm-diag.h"
#include "paths/pm-events.h"

/* States of TCP sockets (include/net/tcp_states.h); the C library's header that names them lacks the newer counters. */
enum { TCP_ESTABLISHED = 1, TCP_SYN_SENT = 2, TCP_CLOSE_WAIT = 8, TCP_LISTEN = 10 };

typedef struct {
  char buffer[8192];
  struct nlmsghdr *message;
} Message;

static void start(Message *m, guint8 command)
{
  memset(m, 0, sizeof *m);
  m->message = mnl_nlmsg_put_header(m->buffer);
  struct genlmsghdr *header = mnl_nlmsg_put_extra_header(m->message, sizeof *header);
  header->cmd = command;
}

static void put_address(Message *m, guint16 type, const char *text)
{
  NeoAddress address;

  g_assert_true(neo_address_parse(text, &address));
  mnl_attr_put(m->message, type, neo_address_size(&address), address.bytes);
}

static void put_subflow(Message *m, const char *local, const char *remote)
{
  gboolean v6 = strchr(local, ':') != NULL;

  mnl_attr_put_u32(m->message, MPTCP_ATTR_TOKEN, 0xcafe0001);
  mnl_attr_put_u16(m->message, MPTCP_ATTR_FAMILY, v6 ? AF_INET6 : AF_INET);
  put_address(m, v6 ? MPTCP_ATTR_SADDR6 : MPTCP_ATTR_SADDR4, local);
  put_address(m, v6 ? MPTCP_ATTR_DADDR6 : MPTCP_ATTR_DADDR4, remote);
  mnl_attr_put_u16(m->message, MPTCP_ATTR_SPORT, htons(40000));
  mnl_attr_put_u16(m->message, MPTCP_ATTR_DPORT, htons(443));
}

static void assert_address(const NeoAddress *address, const char *expected)
{
  g_autofree char *shown = neo_address_to_string(address);
  g_assert_cmpstr(shown, ==, expected);
}

static void test_subflow(void)
{
  Message m;
  NeoPmEvent event;

  start(&m, MPTCP_EVENT_SUB_CLOSED);
  put_subflow(&m, "10.0.0.2", "192.0.2.1");
  mnl_attr_put_u8(m.message, MPTCP_ATTR_LOC_ID, 3);
  mnl_attr_put_u8(m.message, MPTCP_ATTR_REM_ID, 21);
  mnl_attr_put_u8(m.message, MPTCP_ATTR_BACKUP, 1);
  mnl_attr_put_u32(m.message, MPTCP_ATTR_IF_IDX, 7);
  mnl_attr_put_u8(m.message, MPTCP_ATTR_ERROR, 110);
  g_assert_true(neo_pm_parse_event(m.message, &event));
  g_assert_cmpint(event.kind, ==, NEO_PM_SUB_CLOSED);
  g_assert_cmphex(event.token, ==, 0xcafe0001);
  assert_address(&event.local, "10.0.0.2");
  assert_address(&event.remote, "192.0.2.1");
  g_assert_cmpuint(event.local_port, ==, 40000);
  g_assert_cmpuint(event.remote_port, ==, 443);
  g_assert_cmpuint(event.local_id, ==, 3);
  g_assert_cmpuint(event.remote_id, ==, 21);
  g_assert_cmpint(event.link, ==, 7);
  g_assert_cmpuint(event.error, ==, 110);
  g_assert_true(event.backup);
}

static void test_mapped(void)
{
  Message m;
  NeoPmEvent event;

  start(&m, MPTCP_EVENT_CREATED);
  put_subflow(&m, "::ffff:10.0.0.2", "::ffff:192.0.2.1");
  g_assert_true(neo_pm_parse_event(m.message, &event));
  assert_address(&event.local, "10.0.0.2");
  assert_address(&event.remote, "192.0.2.1");

  start(&m, MPTCP_EVENT_CREATED);
  put_subflow(&m, "2001:db8::2", "2001:db8::1");
  g_assert_true(neo_pm_parse_event(m.message, &event));
  assert_address(&event.local, "2001:db8::2");
}

/* Linux 6.18 says in the flags what was an attribute before; both are understood. */
static void test_side(void)
{
  static const struct { int side, flags; gboolean server, deny; } rows[] = {
    { -1, -1, FALSE, FALSE }, { 0, -1, FALSE, FALSE }, { 1, -1, TRUE, FALSE }, { -1, 2, TRUE, FALSE },
    { -1, 1, FALSE, TRUE }, { 1, 1, TRUE, TRUE }, { 0, 2, TRUE, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    Message m;
    NeoPmEvent event;
    start(&m, MPTCP_EVENT_ESTABLISHED);
    put_subflow(&m, "10.0.0.2", "192.0.2.1");
    if (rows[i].flags >= 0)
      mnl_attr_put_u16(m.message, MPTCP_ATTR_FLAGS, rows[i].flags);
    if (rows[i].side >= 0)
      mnl_attr_put_u8(m.message, MPTCP_ATTR_SERVER_SIDE, rows[i].side);
    g_assert_true(neo_pm_parse_event(m.message, &event));
    g_assert_cmpint(event.server_side, ==, rows[i].server);
    g_assert_cmpint(event.deny_initial, ==, rows[i].deny);
  }
}

static void put_token(Message *m)
{
  mnl_attr_put_u32(m->message, MPTCP_ATTR_TOKEN, 5);
}

static void put_token_and_id(Message *m)
{
  put_token(m);
  mnl_attr_put_u8(m->message, MPTCP_ATTR_REM_ID, 0);
}

static void put_announced(Message *m)
{
  put_token_and_id(m);
  put_address(m, MPTCP_ATTR_DADDR4, "192.0.2.1");
}

static void put_whole(Message *m)
{
  put_subflow(m, "10.0.0.2", "192.0.2.1");
}

static void put_local(Message *m)
{
  put_address(m, MPTCP_ATTR_SADDR4, "192.0.2.1");
}

static void put_nothing(Message *m)
{
}

static void put_short_address(Message *m)
{
  put_token(m);
  mnl_attr_put(m->message, MPTCP_ATTR_SADDR4, 3, "abc");
  put_address(m, MPTCP_ATTR_DADDR4, "192.0.2.1");
}

static void put_short_token(Message *m)
{
  mnl_attr_put_u16(m->message, MPTCP_ATTR_TOKEN, 5);
}

/* What each kind needs, and one thing less. */
static void test_needs(void)
{
  static const struct { guint8 command; void (*put)(Message *); gboolean good; } rows[] = {
    { MPTCP_EVENT_CREATED, put_whole, TRUE }, { MPTCP_EVENT_CREATED, put_token, FALSE }, { MPTCP_EVENT_CREATED, put_short_address, FALSE },
    { MPTCP_EVENT_ESTABLISHED, put_whole, TRUE }, { MPTCP_EVENT_ESTABLISHED, put_announced, FALSE },
    { MPTCP_EVENT_CLOSED, put_token, TRUE }, { MPTCP_EVENT_CLOSED, put_nothing, FALSE }, { MPTCP_EVENT_CLOSED, put_short_token, FALSE },
    { MPTCP_EVENT_ANNOUNCED, put_announced, TRUE }, { MPTCP_EVENT_ANNOUNCED, put_token_and_id, FALSE },
    { MPTCP_EVENT_REMOVED, put_token_and_id, TRUE }, { MPTCP_EVENT_REMOVED, put_token, FALSE },
    { MPTCP_EVENT_SUB_ESTABLISHED, put_whole, TRUE }, { MPTCP_EVENT_SUB_ESTABLISHED, put_local, FALSE },
    { MPTCP_EVENT_SUB_PRIORITY, put_whole, TRUE }, { MPTCP_EVENT_SUB_PRIORITY, put_nothing, FALSE },
    { NEO_PM_LISTENER_CREATED, put_local, TRUE }, { NEO_PM_LISTENER_CREATED, put_token, FALSE },
    { NEO_PM_LISTENER_CLOSED, put_local, TRUE },
    { 0, put_whole, FALSE }, { 4, put_whole, FALSE }, { 9, put_whole, FALSE }, { 17, put_whole, FALSE }, { 255, put_whole, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    Message m;
    NeoPmEvent event;
    start(&m, rows[i].command);
    rows[i].put(&m);
    g_assert_cmpint(neo_pm_parse_event(m.message, &event), ==, rows[i].good);
  }
}

static gboolean parse_event(const struct nlmsghdr *message) { NeoPmEvent event; return neo_pm_parse_event(message, &event); }
static gboolean parse_connection(const struct nlmsghdr *message) { NeoPmSocket socket; return neo_pm_parse_connection(message, &socket); }
static gboolean parse_subflow(const struct nlmsghdr *message) { NeoPmSocket socket; return neo_pm_parse_subflow(message, &socket); }

/* Every beginning of the message, in memory of just that size, so that a sanitizer sees a read beyond it; and every bit changed. */
static void damage(const Message *m, gboolean (*parse)(const struct nlmsghdr *))
{
  gsize full = m->message->nlmsg_len;

  g_assert_true(parse(m->message));
  for (gsize length = sizeof(struct nlmsghdr); length < full; length++) {
    g_autofree struct nlmsghdr *part = g_malloc0(NLMSG_ALIGN(length));
    memcpy(part, m->message, length);
    part->nlmsg_len = length;
    parse(part);
  }
  for (gsize i = sizeof(struct nlmsghdr); i < full; i++)
    for (guint bit = 0; bit < 8; bit++) {
      g_autofree guint8 *copy = g_memdup2(m->message, full);
      copy[i] ^= 1 << bit;
      parse((struct nlmsghdr *)copy);
    }
}

static struct inet_diag_msg *start_diag(Message *m, guint8 state)
{
  memset(m, 0, sizeof *m);
  m->message = mnl_nlmsg_put_header(m->buffer);
  struct inet_diag_msg *header = mnl_nlmsg_put_extra_header(m->message, sizeof *header);

  header->idiag_family = AF_INET;
  header->idiag_state = state;
  header->id.idiag_sport = htons(40000);
  header->id.idiag_dport = htons(443);
  header->id.idiag_src[0] = htonl(0x0a000002);
  header->id.idiag_dst[0] = htonl(0xc0000201);
  header->id.idiag_if = 7;
  return header;
}

static void test_diag_connection(void)
{
  static const struct { guint8 state; guint32 token, flags; gsize size; gboolean good; } rows[] = {
    { TCP_ESTABLISHED, 5, MPTCP_INFO_FLAG_REMOTE_KEY_RECEIVED, sizeof(struct mptcp_info), TRUE },
    /* Older kernels know less of it. */
    { TCP_ESTABLISHED, 5, MPTCP_INFO_FLAG_REMOTE_KEY_RECEIVED, 16, TRUE },
    { TCP_ESTABLISHED, 5, MPTCP_INFO_FLAG_REMOTE_KEY_RECEIVED, 8, FALSE },
    { TCP_ESTABLISHED, 5, 0, sizeof(struct mptcp_info), FALSE },
    { TCP_ESTABLISHED, 5, MPTCP_INFO_FLAG_REMOTE_KEY_RECEIVED | MPTCP_INFO_FLAG_FALLBACK, sizeof(struct mptcp_info), FALSE },
    { TCP_ESTABLISHED, 0, MPTCP_INFO_FLAG_REMOTE_KEY_RECEIVED, sizeof(struct mptcp_info), FALSE },
    { TCP_LISTEN, 5, MPTCP_INFO_FLAG_REMOTE_KEY_RECEIVED, sizeof(struct mptcp_info), FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    struct mptcp_info info = {
      .mptcpi_token = rows[i].token, .mptcpi_flags = rows[i].flags, .mptcpi_subflows = 2, .mptcpi_write_seq = 9, .mptcpi_snd_una = 7,
    };
    Message m;
    NeoPmSocket socket;
    start_diag(&m, rows[i].state);
    mnl_attr_put(m.message, INET_DIAG_INFO, rows[i].size, &info);
    g_assert_cmpint(neo_pm_parse_connection(m.message, &socket), ==, rows[i].good);
    g_assert_true(!rows[i].good || (socket.connection && socket.token == 5 && socket.subflow.remote_port == 443 && socket.joins == 2));
    if (rows[i].good && rows[i].size == sizeof info)
      g_assert_true(socket.pending && socket.una == 7);
  }
}

static void put_ulp(Message *m, guint32 token, guint32 flags)
{
  struct nlattr *ulp = mnl_attr_nest_start(m->message, INET_DIAG_ULP_INFO);
  struct nlattr *mptcp = mnl_attr_nest_start(m->message, INET_ULP_INFO_MPTCP);

  mnl_attr_put_u32(m->message, MPTCP_SUBFLOW_ATTR_TOKEN_REM, 99);
  mnl_attr_put_u32(m->message, MPTCP_SUBFLOW_ATTR_TOKEN_LOC, token);
  mnl_attr_put_u32(m->message, MPTCP_SUBFLOW_ATTR_FLAGS, flags);
  mnl_attr_put_u8(m->message, MPTCP_SUBFLOW_ATTR_ID_LOC, 3);
  mnl_attr_put_u8(m->message, MPTCP_SUBFLOW_ATTR_ID_REM, 21);
  mnl_attr_nest_end(m->message, mptcp);
  mnl_attr_nest_end(m->message, ulp);
}

static void test_diag_subflow(void)
{
  static const struct { guint32 flags; gboolean client; } rows[] = {
    { MPTCP_SUBFLOW_FLAG_MCAP_LOC | MPTCP_SUBFLOW_FLAG_MCAP_REM, TRUE }, { MPTCP_SUBFLOW_FLAG_JOIN_LOC | MPTCP_SUBFLOW_FLAG_JOIN_REM, TRUE },
    { MPTCP_SUBFLOW_FLAG_MCAP_REM, FALSE }, { MPTCP_SUBFLOW_FLAG_JOIN_REM, FALSE },
  };
  Message m;
  NeoPmSocket socket;

  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    start_diag(&m, TCP_ESTABLISHED);
    put_ulp(&m, 5, rows[i].flags);
    g_assert_true(neo_pm_parse_subflow(m.message, &socket));
    g_assert_cmpint(socket.client_side, ==, rows[i].client);
    g_assert_true(socket.token == 5 && socket.subflow.up && socket.subflow.local_id == 3 && socket.subflow.remote_id == 21);
    assert_address(&socket.subflow.local, "10.0.0.2");
    g_assert_cmpint(socket.subflow.link, ==, 7);
  }
  start_diag(&m, TCP_SYN_SENT);
  put_ulp(&m, 5, MPTCP_SUBFLOW_FLAG_JOIN_LOC);
  g_assert_true(neo_pm_parse_subflow(m.message, &socket) && !socket.subflow.up);
  start_diag(&m, TCP_ESTABLISHED);
  g_assert_false(neo_pm_parse_subflow(m.message, &socket));
  start_diag(&m, TCP_CLOSE_WAIT);
  put_ulp(&m, 5, 0);
  g_assert_false(neo_pm_parse_subflow(m.message, &socket));
}

static void test_diag_sending(void)
{
  struct tcp_info info = {
    .tcpi_unacked = 5, .tcpi_last_ack_recv = 300, .tcpi_last_data_sent = 200, .tcpi_rtt = 20000, .tcpi_rttvar = 5000,
    .tcpi_bytes_acked = 1000, .tcpi_bytes_received = 10,
  };
  Message m;
  NeoPmSocket socket;

  start_diag(&m, TCP_ESTABLISHED)->id.idiag_cookie[1] = 1;
  mnl_attr_put(m.message, INET_DIAG_INFO, sizeof info, &info);
  put_ulp(&m, 5, MPTCP_SUBFLOW_FLAG_MCAP_REM);
  g_assert_true(neo_pm_parse_subflow(m.message, &socket));
  g_assert_cmpuint(socket.cookie, ==, (guint64)1 << 32);
  g_assert_cmpuint(socket.subflow.health.moved, ==, 1010);
  g_assert_cmpuint(socket.sending.unacked, ==, 5);
  g_assert_cmpuint(socket.sending.ack_ms, ==, 300);
  g_assert_cmpuint(socket.sending.sent_ms, ==, 200);
  g_assert_cmpuint(socket.sending.rtt_us, ==, 20000);
  g_assert_cmpuint(socket.sending.rttvar_us, ==, 5000);
  g_assert_cmpuint(socket.sending.acked, ==, 1000);
}

static void test_damage(void)
{
  struct mptcp_info info = { .mptcpi_token = 5, .mptcpi_flags = MPTCP_INFO_FLAG_REMOTE_KEY_RECEIVED };
  Message m;

  start(&m, MPTCP_EVENT_SUB_ESTABLISHED);
  put_subflow(&m, "2001:db8::2", "2001:db8::1");
  damage(&m, parse_event);
  start_diag(&m, TCP_ESTABLISHED);
  mnl_attr_put(m.message, INET_DIAG_INFO, sizeof info, &info);
  damage(&m, parse_connection);
  start_diag(&m, TCP_ESTABLISHED);
  put_ulp(&m, 5, 0);
  damage(&m, parse_subflow);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/pm-events/subflow", test_subflow);
  g_test_add_func("/pm-events/mapped", test_mapped);
  g_test_add_func("/pm-events/side", test_side);
  g_test_add_func("/pm-events/needs", test_needs);
  g_test_add_func("/pm-diag/connection", test_diag_connection);
  g_test_add_func("/pm-diag/subflow", test_diag_subflow);
  g_test_add_func("/pm-diag/sending", test_diag_sending);
  g_test_add_func("/pm-events/damage", test_damage);
  return g_test_run();
}
