/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/lab/wire-ring.h"

#include <string.h>
#include <sys/mman.h>

/* Keeps the next header aligned. */
static size_t stride_of(size_t length)
{
  return (sizeof(Frame) + length + 7) & ~(size_t)7;
}

bool ring_init(Ring *ring, size_t size)
{
  void *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

  if (bytes == MAP_FAILED)
    return false;
  *ring = (Ring){ .bytes = bytes, .size = size };
  return true;
}

Frame *ring_room(Ring *ring)
{
  if (ring->frames == 0)
    ring->head = ring->tail = 0;
  if (ring->frames > 0 && ring->tail <= ring->head && ring->head - ring->tail <= stride_of(FRAME_MAX))
    return NULL;
  return (Frame *)(ring->bytes + ring->tail);
}

void ring_push(Ring *ring, Frame *frame)
{
  size_t stride = stride_of(frame->length), end = ring->tail + stride;
  /* The largest frame has to fit after the tail, or else the next one goes to the start. */
  bool wraps = ring->tail >= ring->head && end + stride_of(FRAME_MAX) > ring->size;

  frame->stride = wraps ? 0 : (uint32_t)stride;
  ring->tail = wraps ? 0 : end;
  ring->frames++;
}

const Frame *ring_first(const Ring *ring)
{
  return ring->frames ? (const Frame *)(ring->bytes + ring->head) : NULL;
}

void ring_pop(Ring *ring)
{
  const Frame *frame = ring_first(ring);

  ring->head = frame->stride ? ring->head + frame->stride : 0;
  ring->frames--;
}

uint64_t frame_line_bits(const Frame *frame)
{
  struct virtio_net_hdr header;
  uint64_t bytes = frame->length - sizeof(header);

  memcpy(&header, frame->data, sizeof(header));
  if (header.gso_type != VIRTIO_NET_HDR_GSO_NONE && header.gso_size && bytes > header.hdr_len)
    bytes += (bytes - header.hdr_len - 1) / header.gso_size * header.hdr_len;
  return bytes * 8;
}
