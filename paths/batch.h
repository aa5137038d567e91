/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "common/netlink.h"

/** How many requests of the size that rules and sysctls have a batch takes: all answers fit into a socket's buffer of default size. */
#define NEO_BATCH_MAX 64

/** Requests that go to the kernel with one system call, and whose acknowledgements come back with one (netlink(7)). */
typedef struct {
  guint8 *data;      /**< the messages, one behind the other */
  gsize used;
  guint count;
  int errnums[NEO_BATCH_MAX]; /**< after neo_batch_send(): of each request; 0: done, -1: the kernel gave no answer */
} NeoBatch;

/** An empty batch. */
NeoBatch neo_batch_new(void);
void neo_batch_clear(NeoBatch *batch);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NeoBatch, neo_batch_clear)

/** Appends a copy of @message. The batch must not be full. Returns its position. */
guint neo_batch_add(NeoBatch *batch, const struct nlmsghdr *message);

/** Sends all, in order, and waits for the answers. The kernel goes on behind one that it refuses. */
void neo_batch_send(NeoBatch *batch, NeoNetlink *netlink);
