/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "paths/probe.h"

#include <linux/mptcp.h>
#include <sys/socket.h>

/* MPTCP_PM_ADDR_MAX of all kernels before 7.2; the limits are counted in 8 bits. */
#define SURE_LIMIT 8
#define IMPOSSIBLE_LIMIT 0xffffffff

static int take_offset(const struct nlattr *attr, void *data)
{
  if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_OFFS && mnl_attr_validate(attr, MNL_TYPE_U32) >= 0)
    *(guint32 *)data = mnl_attr_get_u32(attr);
  return MNL_CB_OK;
}

guint32 neo_parse_fault_offset(const struct nlmsghdr *answer)
{
  const struct nlmsgerr *err = mnl_nlmsg_get_payload(answer);
  gsize header = sizeof *err;
  guint32 offset = 0;

  if (answer->nlmsg_type != NLMSG_ERROR || mnl_nlmsg_get_payload_len(answer) < header || !(answer->nlmsg_flags & NLM_F_ACK_TLVS))
    return 0;
  if (!(answer->nlmsg_flags & NLM_F_CAPPED))
    header += MAX(err->msg.nlmsg_len, sizeof err->msg) - sizeof err->msg;
  if (mnl_nlmsg_get_payload_len(answer) > header)
    mnl_attr_parse(answer, header, take_offset, &offset);
  return offset;
}

/*
 * The kernel checks the limit of announced addresses before that of subflows (mptcp_pm_nl_set_limits_doit), so a
 * complaint about the second means that it would take the first.
 */
static gboolean would_take(NeoNetlink *generic, guint16 family, guint32 limit)
{
  char buffer[8192], answer[8192];
  struct nlmsghdr *message = neo_netlink_genl_message(buffer, family, MPTCP_PM_CMD_SET_LIMITS, MPTCP_PM_VER, NLM_F_ACK);

  mnl_attr_put_u32(message, MPTCP_PM_ATTR_RCV_ADD_ADDRS, limit);
  guint32 second = message->nlmsg_len;
  mnl_attr_put_u32(message, MPTCP_PM_ATTR_SUBFLOWS, IMPOSSIBLE_LIMIT);

  int fd = neo_netlink_fd(generic);
  if (send(fd, message, message->nlmsg_len, 0) < 0)
    return FALSE;
  gssize length = recv(fd, answer, sizeof answer, 0);
  return length > 0 && mnl_nlmsg_ok((struct nlmsghdr *)answer, length) &&
         neo_parse_fault_offset((struct nlmsghdr *)answer) == second;
}

guint32 neo_probe_limit_max(NeoNetlink *generic, guint16 mptcp_family)
{
  guint32 taken = SURE_LIMIT, refused = 256;

  if (!would_take(generic, mptcp_family, taken + 1))
    return taken;
  while (refused - taken > 1) {
    guint32 middle = (taken + refused) / 2;
    if (would_take(generic, mptcp_family, middle))
      taken = middle;
    else
      refused = middle;
  }
  return taken;
}
