/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/nft-table.h"

#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

static void put_message(struct mnl_nlmsg_batch *batch, guint16 type, guint16 flags, guint8 family, guint16 resource, const char *table,
                        const char *chain)
{
  struct nlmsghdr *message = mnl_nlmsg_put_header(mnl_nlmsg_batch_current(batch));
  struct nfgenmsg *header = mnl_nlmsg_put_extra_header(message, sizeof *header);

  message->nlmsg_type = type;
  message->nlmsg_flags = NLM_F_REQUEST | flags;
  *header = (struct nfgenmsg){ .nfgen_family = family, .version = NFNETLINK_V0, .res_id = g_htons(resource) };
  if (table)
    mnl_attr_put_strz(message, chain ? NFTA_CHAIN_TABLE : NFTA_TABLE_NAME, table);
  if (chain)
    mnl_attr_put_strz(message, NFTA_CHAIN_NAME, chain);
  mnl_nlmsg_batch_next(batch);
}

static void delete_empty(struct mnl_socket *socket, guint8 family, const char *table, const char *chain)
{
  guint16 type = NFNL_SUBSYS_NFTABLES << 8 | (chain ? NFT_MSG_DELCHAIN : NFT_MSG_DELTABLE);
  /* Nothing of the stack between attributes; see neo_netlink_message(). */
  char buffer[8192] = { 0 }, answer[8192];
  /* libmnl wants room behind the limit for one message more. */
  struct mnl_nlmsg_batch *batch = mnl_nlmsg_batch_start(buffer, sizeof buffer / 2);

  put_message(batch, NFNL_MSG_BATCH_BEGIN, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES, NULL, NULL);
  put_message(batch, type, NLM_F_ACK | NLM_F_NONREC, family, 0, table, chain);
  put_message(batch, NFNL_MSG_BATCH_END, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES, NULL, NULL);
  /* The answer, good or bad, shows that it is done. */
  if (mnl_socket_sendto(socket, mnl_nlmsg_batch_head(batch), mnl_nlmsg_batch_size(batch)) >= 0)
    mnl_socket_recvfrom(socket, answer, sizeof answer);
  mnl_nlmsg_batch_stop(batch);
}

void neo_nft_delete_empty(sa_family_t family, const char *table, const char *chain)
{
  struct mnl_socket *socket = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);

  if (!socket)
    return;
  if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) == 0)
    delete_empty(socket, family, table, chain);
  mnl_socket_close(socket);
}
