/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <linux/virtio_net.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The largest read of a TAP: a virtio_net_hdr, 64 KiB, Ethernet and VLAN headers. */
#define FRAME_MAX (sizeof(struct virtio_net_hdr) + 65536 + 32)

/** A frame as a TAP gives it, the virtio_net_hdr first. */
typedef struct {
  uint64_t due_ns;
  uint32_t length;
  uint32_t stride; /* bytes from this frame to the next; 0 means that the next is at the start of the ring */
  unsigned char data[];
} Frame;

/**
 * Frames back to back, in order of arrival, which is also the order in which they are due:
 *
 *     0        head                tail      wrap    size
 *     |--------|frame|frame|frame|-|---------|-------|        (tail < head after a wrap)
 */
typedef struct {
  unsigned char *bytes;
  size_t size, head, tail, frames;
} Ring;

/** Makes a ring of @size bytes, of which the machine gives those that are used. False: errno says why. */
bool ring_init(Ring *ring, size_t size);

/** Returns room for the largest frame, which ring_push() makes the last; NULL when the ring is full. */
Frame *ring_room(Ring *ring);

/** Adds the frame that ring_room() gave; its length is set. */
void ring_push(Ring *ring, Frame *frame);

/** The oldest frame, or NULL. */
const Frame *ring_first(const Ring *ring);

/** Drops the oldest frame; there is one. */
void ring_pop(Ring *ring);

/** What a frame weighs on a line: a segmented one counts the headers of each of its packets. */
uint64_t frame_line_bits(const Frame *frame);
