/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "paths/pm-events.h"

#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <string.h>

#include "paths/pm-uapi.h"

G_STATIC_ASSERT((int)NEO_PM_SUB_PRIORITY == (int)MPTCP_EVENT_SUB_PRIORITY);
G_STATIC_ASSERT((int)NEO_PM_LISTENER_CLOSED == (int)NEO_MPTCP_EVENT_LISTENER_CLOSED);

/* What an event of each kind cannot be without. */
enum {
  NEEDS_TOKEN = 1 << 0,
  NEEDS_LOCAL = 1 << 1,
  NEEDS_REMOTE = 1 << 2,
  NEEDS_REMOTE_ID = 1 << 3,
  NEEDS_FLOW = NEEDS_TOKEN | NEEDS_LOCAL | NEEDS_REMOTE,
};

static const guint8 needs[] = {
  [NEO_PM_CREATED] = NEEDS_FLOW,
  [NEO_PM_ESTABLISHED] = NEEDS_FLOW,
  [NEO_PM_CLOSED] = NEEDS_TOKEN,
  [NEO_PM_ANNOUNCED] = NEEDS_TOKEN | NEEDS_REMOTE | NEEDS_REMOTE_ID,
  [NEO_PM_REMOVED] = NEEDS_TOKEN | NEEDS_REMOTE_ID,
  [NEO_PM_SUB_ESTABLISHED] = NEEDS_FLOW,
  [NEO_PM_SUB_CLOSED] = NEEDS_FLOW,
  [NEO_PM_SUB_PRIORITY] = NEEDS_FLOW,
  [NEO_PM_LISTENER_CREATED] = NEEDS_LOCAL,
  [NEO_PM_LISTENER_CLOSED] = NEEDS_LOCAL,
};

typedef struct {
  NeoPmEvent event;
  guint has;
} Reading;

static void read_address(const struct nlattr *attr, NeoAddress *address, Reading *reading, guint has)
{
  if (neo_address_unmap(mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr), address))
    reading->has |= has;
}

static guint8 get_u8(const struct nlattr *attr)
{
  return mnl_attr_validate(attr, MNL_TYPE_U8) >= 0 ? mnl_attr_get_u8(attr) : 0;
}

static guint16 get_u16(const struct nlattr *attr)
{
  return mnl_attr_validate(attr, MNL_TYPE_U16) >= 0 ? mnl_attr_get_u16(attr) : 0;
}

static guint32 get_u32(const struct nlattr *attr)
{
  return mnl_attr_validate(attr, MNL_TYPE_U32) >= 0 ? mnl_attr_get_u32(attr) : 0;
}

static void read_flags(const struct nlattr *attr, NeoPmEvent *event)
{
  guint16 flags = get_u16(attr);

  event->deny_initial = (flags & NEO_MPTCP_EV_FLAG_DENY_JOIN_ID0) != 0;
  event->server_side |= (flags & NEO_MPTCP_EV_FLAG_SERVER_SIDE) != 0;
}

static void read_number(const struct nlattr *attr, Reading *reading)
{
  NeoPmEvent *event = &reading->event;

  switch (mnl_attr_get_type(attr)) {
  case MPTCP_ATTR_TOKEN:
    event->token = get_u32(attr);
    reading->has |= event->token ? NEEDS_TOKEN : 0;
    break;
  case MPTCP_ATTR_REM_ID:
    event->remote_id = get_u8(attr);
    reading->has |= mnl_attr_validate(attr, MNL_TYPE_U8) >= 0 ? NEEDS_REMOTE_ID : 0;
    break;
  case MPTCP_ATTR_LOC_ID:
    event->local_id = get_u8(attr);
    break;
  case MPTCP_ATTR_SPORT:
    event->local_port = GUINT16_FROM_BE(get_u16(attr));
    break;
  case MPTCP_ATTR_DPORT:
    event->remote_port = GUINT16_FROM_BE(get_u16(attr));
    break;
  case MPTCP_ATTR_BACKUP:
    event->backup = get_u8(attr) != 0;
    break;
  case MPTCP_ATTR_ERROR:
    event->error = get_u8(attr);
    break;
  case MPTCP_ATTR_IF_IDX:
    event->link = get_u32(attr);
    break;
  case MPTCP_ATTR_SERVER_SIDE:
    event->server_side |= get_u8(attr) != 0;
    break;
  case MPTCP_ATTR_FLAGS:
    read_flags(attr, event);
    break;
  }
}

static int read_attr(const struct nlattr *attr, void *data)
{
  Reading *reading = data;

  switch (mnl_attr_get_type(attr)) {
  case MPTCP_ATTR_SADDR4:
  case MPTCP_ATTR_SADDR6:
    read_address(attr, &reading->event.local, reading, NEEDS_LOCAL);
    break;
  case MPTCP_ATTR_DADDR4:
  case MPTCP_ATTR_DADDR6:
    read_address(attr, &reading->event.remote, reading, NEEDS_REMOTE);
    break;
  default:
    read_number(attr, reading);
  }
  return MNL_CB_OK;
}

gboolean neo_pm_parse_event(const struct nlmsghdr *message, NeoPmEvent *ret_event)
{
  Reading reading = { 0 };

  if (mnl_nlmsg_get_payload_len(message) < sizeof(struct genlmsghdr))
    return FALSE;
  const struct genlmsghdr *header = mnl_nlmsg_get_payload(message);
  if (header->cmd >= G_N_ELEMENTS(needs) || !needs[header->cmd] ||
      mnl_attr_parse(message, sizeof *header, read_attr, &reading) < MNL_CB_STOP)
    return FALSE;
  if ((reading.has & needs[header->cmd]) != needs[header->cmd])
    return FALSE;
  reading.event.kind = header->cmd;
  *ret_event = reading.event;
  return TRUE;
}
