/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "paths/pm-announced.h"

#include <linux/rtnetlink.h>

static int take_address(const struct nlmsghdr *message, void *data)
{
  const struct ifaddrmsg *header = mnl_nlmsg_get_payload(message);
  NeoPmMarked marked = { 0 };
  const struct nlattr *attr;

  mnl_attr_for_each (attr, message, sizeof *header) {
    guint16 type = mnl_attr_get_type(attr), size = mnl_attr_get_payload_len(attr);
    if (type == IFA_LOCAL || (type == IFA_ADDRESS && !marked.address.family))
      neo_address_from_bytes(header->ifa_family, mnl_attr_get_payload(attr), size, &marked.address);
    else if (type == IFA_PROTO && size == 1)
      marked.protocol = mnl_attr_get_u8(attr);
  }
  if (marked.address.family && marked.protocol >= NEO_IFAPROT_WITHHELD && marked.protocol <= NEO_IFAPROT_BACKUP)
    g_array_append_val((GArray *)data, marked);
  return MNL_CB_OK;
}

GArray *neo_pm_read_marked(NeoNetlink *route, GError **error)
{
  g_autoptr(GArray) marked = g_array_new(FALSE, FALSE, sizeof(NeoPmMarked));
  char buffer[8192];
  gboolean interrupted = FALSE;
  struct nlmsghdr *message = neo_netlink_message(buffer, RTM_GETADDR, 0);

  mnl_nlmsg_put_extra_header(message, sizeof(struct ifaddrmsg));
  if (!neo_netlink_dump(route, message, take_address, marked, &interrupted, error))
    return NULL;
  return g_steal_pointer(&marked);
}

static const NeoPmRemote *find(const GArray *signals, const NeoAddress *address)
{
  for (guint i = 0; signals && i < signals->len; i++) {
    const NeoPmRemote *signal = &g_array_index(signals, NeoPmRemote, i);
    if (neo_address_equal(&signal->address, address))
      return signal;
  }
  return NULL;
}

static gboolean has_id(const GArray *signals, guint id)
{
  for (guint i = 0; signals && i < signals->len; i++)
    if (g_array_index(signals, NeoPmRemote, i).id == id)
      return TRUE;
  return FALSE;
}

static void drop_marked(GArray *signals, const GArray *marked)
{
  for (guint i = 0; i < marked->len; i++)
    for (guint j = signals->len; j-- > 0;)
      if (neo_address_equal(&g_array_index(signals, NeoPmRemote, j).address, &g_array_index(marked, NeoPmMarked, i).address))
        g_array_remove_index(signals, j);
}

void neo_pm_apply_marked(GArray *signals, const GArray *marked, const GArray *before)
{
  drop_marked(signals, marked);
  for (guint i = 0; i < marked->len; i++) {
    const NeoPmMarked *mark = &g_array_index(marked, NeoPmMarked, i);
    const NeoPmRemote *known = find(before, &mark->address);
    NeoPmRemote signal = { .address = mark->address, .backup = mark->protocol == NEO_IFAPROT_BACKUP };
    guint id = known && !has_id(signals, known->id) ? known->id : 255;
    while (id > 0 && (has_id(signals, id) || (has_id(before, id) && !(known && known->id == id))))
      id--;
    signal.id = id;
    if (id > 0 && mark->protocol != NEO_IFAPROT_WITHHELD)
      g_array_append_val(signals, signal);
  }
}
