/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "racer/loop.h"

#define EVENTS (EPOLLIN | EPOLLET)

typedef struct {
  RacerSource source;
  guint dispatched;
} Counter;

static void count(RacerSource *source, guint32 events)
{
  ((Counter *)source)->dispatched++;
}

static Counter counter(guint value)
{
  return (Counter){ { eventfd(value, EFD_CLOEXEC | EFD_NONBLOCK), count }, 0 };
}

static void nothing(RacerTask *task)
{
}

/* A turn that does not wait. */
static void turn(RacerLoop *loop)
{
  RacerTask task = { .run = nothing };

  racer_loop_queue(loop, &task);
  racer_loop_turn(loop);
}

static RacerLoop *loop_new(void)
{
  g_autoptr(GError) error = NULL;
  RacerLoop *loop = racer_loop_new(&error);

  g_assert_no_error(error);
  return loop;
}

static void test_move(void)
{
  g_autoptr(RacerLoop) loop = loop_new();
  Counter first = counter(1), second = { { first.source.fd, count }, 0 };

  g_assert_true(racer_loop_add(loop, &first.source, EVENTS));
  turn(loop);
  racer_loop_move(loop, &second.source);
  turn(loop);
  g_assert_cmpuint(second.dispatched, ==, 0);
  eventfd_write(second.source.fd, 1);
  turn(loop);
  g_assert_cmpuint(first.dispatched, ==, 1);
  g_assert_cmpuint(second.dispatched, ==, 1);
  close(first.source.fd);
}

typedef struct {
  Counter own;
  RacerLoop *loop;
  Counter *other, *heir;
} Closer;

/* The other's number goes to a file that has no event. */
static void close_other(RacerSource *source, guint32 events)
{
  Closer *closer = (Closer *)source;
  int number = closer->other->source.fd;

  closer->own.dispatched++;
  if (closer->other->dispatched)
    return;
  racer_loop_forget(closer->loop, &closer->other->source);
  close(number);
  *closer->heir = counter(0);
  g_assert_cmpint(closer->heir->source.fd, ==, number);
  g_assert_true(racer_loop_add(closer->loop, &closer->heir->source, EVENTS));
}

/* Two with an event in the same turn; the first that has its turn closes the other. */
static void test_number_used_again(void)
{
  g_autoptr(RacerLoop) loop = loop_new();
  Counter heir = { { -1, count }, 0 }, other = counter(1);
  Closer closer = { .own = counter(1), .loop = loop, .other = &other, .heir = &heir };

  closer.own.source.dispatch = close_other;
  g_assert_true(racer_loop_add(loop, &closer.own.source, EVENTS));
  g_assert_true(racer_loop_add(loop, &other.source, EVENTS));
  turn(loop);
  g_assert_cmpuint(closer.own.dispatched, ==, 1);
  g_assert_cmpuint(other.dispatched, ==, 0);
  g_assert_cmpuint(heir.dispatched, ==, 0);
  eventfd_write(heir.source.fd, 1);
  turn(loop);
  g_assert_cmpuint(heir.dispatched, ==, 1);
  close(heir.source.fd);
  close(closer.own.source.fd);
}

/* Something else, as a locker does, keeps the file open. */
static void test_file_kept(void)
{
  g_autoptr(RacerLoop) loop = loop_new();
  Counter gone = counter(0), heir = { { gone.source.fd, count }, 0 };
  int kept = fcntl(gone.source.fd, F_DUPFD_CLOEXEC, 0);

  g_assert_true(racer_loop_add(loop, &gone.source, EVENTS));
  racer_loop_forget(loop, &gone.source);
  close(gone.source.fd);
  eventfd_write(kept, 1);
  turn(loop);
  heir = counter(0);
  g_assert_cmpint(heir.source.fd, ==, gone.source.fd);
  g_assert_true(racer_loop_add(loop, &heir.source, EVENTS));
  eventfd_write(kept, 1);
  turn(loop);
  g_assert_cmpuint(gone.dispatched, ==, 0);
  g_assert_cmpuint(heir.dispatched, ==, 0);
  close(heir.source.fd);
  close(kept);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/racer/loop/move", test_move);
  g_test_add_func("/racer/loop/number-used-again", test_number_used_again);
  g_test_add_func("/racer/loop/file-kept", test_file_kept);
  return g_test_run();
}
