/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "paths/batch.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define MESSAGE_ROOM 512 /* of a request, and of an acknowledgement, which has no copy of it (NETLINK_CAP_ACK) */

/* Far from the numbers that the requests of common/netlink.h have, on the same socket. */
#define FIRST_SEQUENCE 0x4e000000

NeoBatch neo_batch_new(void)
{
  return (NeoBatch){ .data = g_malloc(NEO_BATCH_MAX * MESSAGE_ROOM) };
}

void neo_batch_clear(NeoBatch *batch)
{
  g_clear_pointer(&batch->data, g_free);
}

guint neo_batch_add(NeoBatch *batch, const struct nlmsghdr *message)
{
  gsize size = MNL_ALIGN(message->nlmsg_len);

  g_assert(batch->count < NEO_BATCH_MAX && size <= MESSAGE_ROOM);
  struct nlmsghdr *copy = (struct nlmsghdr *)(batch->data + batch->used);
  memset(copy, 0, size);
  memcpy(copy, message, message->nlmsg_len);
  copy->nlmsg_flags |= NLM_F_ACK;
  copy->nlmsg_seq = FIRST_SEQUENCE + batch->count;
  batch->errnums[batch->count] = -1;
  batch->used += size;
  return batch->count++;
}

/* Whether @answer is the last one to a request of the batch. */
static gboolean take_answer(NeoBatch *batch, const struct nlmsghdr *answer, int length)
{
  guint position = answer->nlmsg_seq - FIRST_SEQUENCE;

  if (!mnl_nlmsg_ok(answer, length) || answer->nlmsg_type != NLMSG_ERROR || position >= batch->count ||
      mnl_nlmsg_get_payload_len(answer) < sizeof(struct nlmsgerr))
    return FALSE;
  batch->errnums[position] = -((const struct nlmsgerr *)mnl_nlmsg_get_payload(answer))->error;
  return TRUE;
}

/* Takes what is there from @rest, the requests without an answer; FALSE if no more can be expected. */
static gboolean receive(NeoBatch *batch, int fd, guint *rest)
{
  char answers[NEO_BATCH_MAX][MESSAGE_ROOM] __attribute__((aligned(NLMSG_ALIGNTO)));
  struct iovec parts[NEO_BATCH_MAX];
  struct mmsghdr messages[NEO_BATCH_MAX] = { 0 };
  int received;

  for (guint i = 0; i < NEO_BATCH_MAX; i++) {
    parts[i] = (struct iovec){ answers[i], MESSAGE_ROOM };
    messages[i].msg_hdr = (struct msghdr){ .msg_iov = &parts[i], .msg_iovlen = 1 };
  }
  do
    received = recvmmsg(fd, messages, NEO_BATCH_MAX, MSG_WAITFORONE, NULL);
  while (received < 0 && errno == EINTR);
  for (int i = 0; i < received; i++)
    *rest -= take_answer(batch, (const struct nlmsghdr *)answers[i], messages[i].msg_len);
  return received > 0;
}

void neo_batch_send(NeoBatch *batch, NeoNetlink *netlink)
{
  int fd = neo_netlink_fd(netlink);
  guint rest = batch->count;

  if (!batch->count || send(fd, batch->data, batch->used, 0) < 0)
    return;
  while (rest && receive(batch, fd, &rest))
    ;
}
