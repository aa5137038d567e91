/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/netlink.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <string.h>

#include "common/error.h"

#define BUFFER_SIZE (64 * 1024)

struct NeoNetlink {
  struct mnl_socket *socket;
  guint32 sequence;
  char *buffer;
};

static void set_option(struct mnl_socket *socket, int option)
{
  int one = 1;
  /* Both only make messages better; a kernel without them works. */
  mnl_socket_setsockopt(socket, option, &one, sizeof one);
}

NeoNetlink *neo_netlink_open(int bus, guint groups, GError **error)
{
  struct mnl_socket *socket = mnl_socket_open2(bus, SOCK_CLOEXEC);

  if (!socket || mnl_socket_bind(socket, groups, MNL_SOCKET_AUTOPID) < 0) {
    neo_error_set_errno(error, errno, "netlink socket");
    if (socket)
      mnl_socket_close(socket);
    return NULL;
  }
  set_option(socket, NETLINK_EXT_ACK);
  set_option(socket, NETLINK_CAP_ACK);
  set_option(socket, NETLINK_GET_STRICT_CHK);

  NeoNetlink *netlink = g_new0(NeoNetlink, 1);
  *netlink = (NeoNetlink){ .socket = socket, .buffer = g_malloc(BUFFER_SIZE) };
  return netlink;
}

void neo_netlink_free(NeoNetlink *netlink)
{
  if (!netlink)
    return;
  mnl_socket_close(netlink->socket);
  g_free(netlink->buffer);
  g_free(netlink);
}

int neo_netlink_fd(const NeoNetlink *netlink)
{
  return mnl_socket_get_fd(netlink->socket);
}

gboolean neo_netlink_join(NeoNetlink *netlink, guint group, GError **error)
{
  if (mnl_socket_setsockopt(netlink->socket, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) < 0)
    return neo_error_set_errno(error, errno, "netlink group %u", group);
  return TRUE;
}

struct nlmsghdr *neo_netlink_message(char buffer[static 8192], guint16 type, guint16 flags)
{
  /* libmnl 1.0.4 leaves what is between attributes as it is: the kernel is sent nothing of the stack. */
  memset(buffer, 0, 8192);
  struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);

  message->nlmsg_type = type;
  message->nlmsg_flags = NLM_F_REQUEST | flags;
  return message;
}

struct nlmsghdr *neo_netlink_genl_message(char buffer[static 8192], guint16 family, guint8 command, guint8 version, guint16 flags)
{
  struct nlmsghdr *message = neo_netlink_message(buffer, family, flags);
  struct genlmsghdr *header = mnl_nlmsg_put_extra_header(message, sizeof *header);

  *header = (struct genlmsghdr){ .cmd = command, .version = version };
  return message;
}

static int take_message(const struct nlattr *attr, void *data)
{
  const char **text = data;

  if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG && mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
    *text = mnl_attr_get_str(attr);
  return MNL_CB_OK;
}

/* The kernel's sentence behind an error (NLMSGERR_ATTR_MSG, linux/netlink.h), or NULL. */
static const char *extended_message(const struct nlmsghdr *answer)
{
  const struct nlmsgerr *err = mnl_nlmsg_get_payload(answer);
  gsize offset = sizeof *err;
  const char *text = NULL;

  if (!(answer->nlmsg_flags & NLM_F_ACK_TLVS))
    return NULL;
  if (!(answer->nlmsg_flags & NLM_F_CAPPED))
    offset += err->msg.nlmsg_len - sizeof err->msg;
  if (mnl_nlmsg_get_payload_len(answer) > offset)
    mnl_attr_parse(answer, offset, take_message, &text);
  return text;
}

static int check_answer(const struct nlmsghdr *answer, GError **error)
{
  const struct nlmsgerr *err = mnl_nlmsg_get_payload(answer);

  if (mnl_nlmsg_get_payload_len(answer) < sizeof *err)
    return neo_error_set_errno(error, EBADMSG, "netlink"), EBADMSG;
  if (err->error == 0)
    return 0;
  const char *text = extended_message(answer);
  neo_error_set_errno(error, -err->error, "kernel%s%s", text ? " says: " : "", text ? text : "");
  return -err->error;
}

static gboolean send_message(NeoNetlink *netlink, struct nlmsghdr *message, GError **error)
{
  message->nlmsg_seq = ++netlink->sequence;
  if (mnl_socket_sendto(netlink->socket, message, message->nlmsg_len) < 0)
    return neo_error_set_errno(error, errno, "netlink send");
  return TRUE;
}

static gssize receive(NeoNetlink *netlink, GError **error)
{
  gssize length;

  do
    length = mnl_socket_recvfrom(netlink->socket, netlink->buffer, BUFFER_SIZE);
  while (length < 0 && errno == EINTR);
  if (length < 0)
    neo_error_set_errno(error, errno, "netlink receive");
  return length;
}

/* Calls @visit for each message that answers the last request, until @visit returns FALSE. */
static gboolean for_each_answer(NeoNetlink *netlink, gboolean (*visit)(const struct nlmsghdr *, gpointer), gpointer data, GError **error)
{
  for (;;) {
    gssize received = receive(netlink, error);
    if (received < 0)
      return FALSE;
    int rest = received;
    for (struct nlmsghdr *answer = (struct nlmsghdr *)netlink->buffer; mnl_nlmsg_ok(answer, rest); answer = mnl_nlmsg_next(answer, &rest))
      if (answer->nlmsg_seq == netlink->sequence && !visit(answer, data))
        return TRUE;
  }
}

typedef struct {
  mnl_cb_t callback;
  gpointer data;
  GError **error;
  int errnum;
  gboolean failed, interrupted;
} Exchange;

static gboolean visit_answer(const struct nlmsghdr *answer, gpointer data)
{
  Exchange *exchange = data;

  if (answer->nlmsg_flags & NLM_F_DUMP_INTR)
    exchange->interrupted = TRUE;
  if (answer->nlmsg_type == NLMSG_ERROR) {
    exchange->errnum = check_answer(answer, exchange->error);
    exchange->failed = exchange->errnum != 0;
    return FALSE;
  }
  if (answer->nlmsg_type == NLMSG_DONE)
    return FALSE;
  if (exchange->callback && exchange->callback(answer, exchange->data) == MNL_CB_ERROR) {
    neo_error_set_errno(exchange->error, EBADMSG, "netlink");
    exchange->failed = TRUE;
    exchange->callback = NULL;
  }
  return TRUE;
}

static gboolean exchange_messages(NeoNetlink *netlink, struct nlmsghdr *message, Exchange *exchange)
{
  return send_message(netlink, message, exchange->error) &&
         for_each_answer(netlink, visit_answer, exchange, exchange->error) && !exchange->failed;
}

gboolean neo_netlink_request(NeoNetlink *netlink, struct nlmsghdr *message, int *ret_errno, GError **error)
{
  Exchange exchange = { .error = error };

  message->nlmsg_flags |= NLM_F_ACK;
  gboolean done = exchange_messages(netlink, message, &exchange);
  if (ret_errno)
    *ret_errno = done ? 0 : exchange.errnum ? exchange.errnum : EIO;
  return done;
}

gboolean neo_netlink_get(NeoNetlink *netlink, struct nlmsghdr *message, mnl_cb_t callback, gpointer data, GError **error)
{
  Exchange exchange = { .callback = callback, .data = data, .error = error };

  message->nlmsg_flags |= NLM_F_ACK;
  return exchange_messages(netlink, message, &exchange);
}

gboolean neo_netlink_dump(NeoNetlink *netlink, struct nlmsghdr *message, mnl_cb_t callback, gpointer data, gboolean *ret_interrupted, GError **error)
{
  Exchange exchange = { .callback = callback, .data = data, .error = error };

  message->nlmsg_flags |= NLM_F_DUMP;
  if (!exchange_messages(netlink, message, &exchange))
    return FALSE;
  if (exchange.interrupted)
    *ret_interrupted = TRUE;
  return TRUE;
}

typedef struct {
  const char *group_name;
  guint16 family;
  guint32 group;
} FamilyAnswer;

static int take_group(const struct nlattr *attr, void *data)
{
  FamilyAnswer *answer = data;
  const struct nlattr *field;
  const char *name = NULL;
  guint32 id = 0;

  mnl_attr_for_each_nested(field, attr) {
    if (mnl_attr_get_type(field) == CTRL_ATTR_MCAST_GRP_NAME && mnl_attr_validate(field, MNL_TYPE_NUL_STRING) >= 0)
      name = mnl_attr_get_str(field);
    if (mnl_attr_get_type(field) == CTRL_ATTR_MCAST_GRP_ID && mnl_attr_validate(field, MNL_TYPE_U32) >= 0)
      id = mnl_attr_get_u32(field);
  }
  if (name && answer->group_name && g_str_equal(name, answer->group_name))
    answer->group = id;
  return MNL_CB_OK;
}

static int take_family(const struct nlmsghdr *message, void *data)
{
  FamilyAnswer *answer = data;
  const struct nlattr *attr;

  mnl_attr_for_each(attr, message, sizeof(struct genlmsghdr)) {
    if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID && mnl_attr_validate(attr, MNL_TYPE_U16) >= 0)
      answer->family = mnl_attr_get_u16(attr);
    if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GROUPS)
      mnl_attr_parse_nested(attr, take_group, answer);
  }
  return MNL_CB_OK;
}

gboolean neo_netlink_family(NeoNetlink *netlink, const char *name, guint16 *ret_family, const char *group_name, guint32 *ret_group, GError **error)
{
  char buffer[8192];
  FamilyAnswer answer = { .group_name = group_name };
  g_autoptr(GError) why = NULL;
  struct nlmsghdr *message = neo_netlink_genl_message(buffer, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1, 0);

  mnl_attr_put_strz(message, CTRL_ATTR_FAMILY_NAME, name);
  if (!neo_netlink_get(netlink, message, take_family, &answer, &why) || !answer.family) {
    g_set_error(error, NEO_ERROR, NEO_ERROR_UNSUPPORTED, "this kernel has no netlink family %s", name);
    return FALSE;
  }
  *ret_family = answer.family;
  if (ret_group)
    *ret_group = answer.group;
  return TRUE;
}
