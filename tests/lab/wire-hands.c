/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two hands carry the frames of both directions.
 *
 * What makes a wire late is neither its timer nor its work but its turn. A kernel that does not preempt itself lets a
 * woken thread, of whatever priority, wait until the system call that its processor is in ends, and a fork, an exit or
 * a large write of another program take milliseconds; nor does it move the thread to a processor that is free. So each
 * of two threads, on processors of its own, waits for every arrival and every due frame. The first serves. The second
 * naps: it looks again after a moment, which costs less than to be woken for each frame, and serves if the first did
 * not. When a nap passes in which there was nothing to do for either, it waits like the first again.
 */
#include "tests/lab/wire-hands.h"

#include <err.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define N_HANDS 2
/* Frames that one hand takes before it looks at the other direction. */
#define BATCH 64
/* A frame that is due this soon is sent now: less than the cost of another sleep. */
#define EARLY_NS 20000
/* The most by which a hand that does not get its turn makes a frame late. */
#define NAP_NS 400000

/* How a hand sees one direction. */
typedef struct {
  bool naps;
  uint64_t nap_end_ns;
  uint64_t turns; /* of the direction, when the nap began */
} View;

typedef struct {
  Direction *directions;
  View views[N_DIRECTIONS];
  int kick, other_kick; /* eventfds: the first frame of an empty ring has a time that a sleeping hand does not know */
  cpu_set_t processors;
} Hand;

static uint64_t now_ns(void)
{
  struct timespec t;

  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * NSEC_PER_SEC + (uint64_t)t.tv_nsec;
}

static void accept_frame(Direction *d, Frame *frame)
{
  switch (shaper_accept(&d->shaper, d->settings, frame_line_bits(frame), now_ns(), &frame->due_ns)) {
  case SHAPER_PASSES:
    ring_push(&d->ring, frame);
    break;
  case SHAPER_LOST:
    d->lost++;
    break;
  case SHAPER_FULL:
    d->full++;
    break;
  }
}

/* Reads one frame; a full ring drops it. False: none has arrived. */
static bool take_in(Direction *d)
{
  static _Thread_local unsigned char discard[FRAME_MAX];
  Frame *frame = ring_room(&d->ring);
  ssize_t n = read(d->in, frame ? frame->data : discard, FRAME_MAX);

  if (n < 0 && errno == EBADFD)
    errx(1, "%s: the interface is gone", d->name);
  if (n <= (ssize_t)sizeof(struct virtio_net_hdr))
    return false;
  if (frame) {
    frame->length = (uint32_t)n;
    accept_frame(d, frame);
  } else
    d->full++;
  return true;
}

/* Writes one frame if it is due. An interface that is down, or a queue that is full, loses it like a wire would. */
static bool let_out(Direction *d)
{
  const Frame *frame = ring_first(&d->ring);

  if (!frame || frame->due_ns > now_ns() + EARLY_NS)
    return false;
  if (!d->settings->cut && write(d->out, frame->data, frame->length) == (ssize_t)frame->length) {
    d->passed++;
    d->bytes += frame->length - sizeof(struct virtio_net_hdr);
  } else
    d->lost++;
  ring_pop(&d->ring);
  return true;
}

/* In turn, so that neither a flood of arrivals nor a late queue makes the other wait. False: the other hand was, or had
 * been, here. */
static bool serve(Hand *hand, Direction *d)
{
  bool in = true, out = true, was_empty, worked = false;
  const Frame *first;

  if (atomic_flag_test_and_set(&d->serving))
    return false;
  was_empty = !ring_first(&d->ring);
  for (int i = 0; i < BATCH && (in || out); i++) {
    in = in && take_in(d);
    out = let_out(d);
    worked |= in || out;
  }
  first = ring_first(&d->ring);
  d->next_due_ns = first ? first->due_ns : UINT64_MAX;
  d->turns += worked;
  atomic_flag_clear(&d->serving);
  if (was_empty && first)
    eventfd_write(hand->other_kick, 1);
  return worked;
}

/* When the hand has to look at the direction, if nothing arrives before. */
static uint64_t look_at_ns(const View *view, const Direction *d)
{
  uint64_t due = d->next_due_ns;

  if (view->naps)
    return view->nap_end_ns;
  return due == UINT64_MAX ? due : due - EARLY_NS;
}

/* Waits for what calls the hand: arrivals, except where it naps, the time to look at a direction, and a kick. */
static void wait_for_work(const Hand *hand, struct pollfd *ret_polled)
{
  uint64_t wake = UINT64_MAX, now, left;
  struct timespec wait;
  eventfd_t kicks;

  for (int i = 0; i < N_DIRECTIONS; i++) {
    uint64_t at = look_at_ns(&hand->views[i], &hand->directions[i]);

    ret_polled[i] = (struct pollfd){ .fd = hand->views[i].naps ? -1 : hand->directions[i].in, .events = POLLIN };
    wake = at < wake ? at : wake;
  }
  ret_polled[N_DIRECTIONS] = (struct pollfd){ .fd = hand->kick, .events = POLLIN };
  now = now_ns();
  left = wake > now ? wake - now : 0;
  wait = (struct timespec){ (time_t)(left / NSEC_PER_SEC), (long)(left % NSEC_PER_SEC) };
  ppoll(ret_polled, N_DIRECTIONS + 1, wake == UINT64_MAX ? NULL : &wait, NULL);
  if (ret_polled[N_DIRECTIONS].revents)
    eventfd_read(hand->kick, &kicks);
}

static void look(Hand *hand, int i)
{
  Direction *d = &hand->directions[i];
  View *view = &hand->views[i];
  bool quiet = view->naps && view->turns == d->turns;

  view->naps = !serve(hand, d) && !quiet;
  view->turns = d->turns;
  view->nap_end_ns = now_ns() + NAP_NS;
}

/* A wire does not wait for its turn on a busy machine. Without the right to this it is only less exact. */
static void be_punctual(const Hand *hand)
{
  struct sched_param priority = { .sched_priority = 1 };

  prctl(PR_SET_TIMERSLACK, 1UL);
  pthread_setaffinity_np(pthread_self(), sizeof(hand->processors), &hand->processors);
  pthread_setschedparam(pthread_self(), SCHED_RR, &priority);
}

static void *hand_run(void *data)
{
  Hand *hand = data;

  be_punctual(hand);
  for (;;) {
    struct pollfd polled[N_DIRECTIONS + 1];

    wait_for_work(hand, polled);
    for (int i = 0; i < N_DIRECTIONS; i++)
      if (polled[i].revents || look_at_ns(&hand->views[i], &hand->directions[i]) <= now_ns())
        look(hand, i);
  }
  return NULL;
}

/* Every second processor to each; a hand alone has all. Returns how many hands can serve side by side. */
static int share_processors(Hand hands[N_HANDS])
{
  cpu_set_t allowed;
  int count = 0;

  if (sched_getaffinity(0, sizeof(allowed), &allowed) < 0)
    err(1, "sched_getaffinity");
  for (int i = 0; i < CPU_SETSIZE; i++)
    if (CPU_ISSET(i, &allowed))
      CPU_SET(i, &hands[count++ % N_HANDS].processors);
  return count < N_HANDS ? count : N_HANDS;
}

void hands_start(Direction directions[N_DIRECTIONS])
{
  static Hand hands[N_HANDS];
  int count = share_processors(hands);
  pthread_t thread;

  for (int i = 0; i < N_HANDS; i++) {
    hands[i].directions = directions;
    hands[i].kick = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (hands[i].kick < 0)
      err(1, "eventfd");
  }
  for (int i = 0; i < count; i++) {
    hands[i].other_kick = hands[(i + 1) % N_HANDS].kick;
    errno = pthread_create(&thread, NULL, hand_run, &hands[i]);
    if (errno)
      err(1, "cannot start a thread");
  }
}
