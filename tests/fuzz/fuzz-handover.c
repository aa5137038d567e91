/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "racer/handover.h"
#include "tests/fuzz/fuzz-file.h"
#include "tests/fuzz/fuzz.h"

/*
 * An input is the messages of a locker: a byte that says which file descriptors come with it (bits 0-1: how many, 2-3: of which kind) and
 * whether it is cut short (bit 4), then the record.
 */
enum { MAX_MESSAGES = 16, SHORT = 1 << 4 };

static void make_fds(guint kind, const uint8_t *data, size_t size, int fds[2])
{
  g_autofree char *path = NULL;

  if (kind == 0) {
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), ==, 0);
  } else if (kind == 1) {
    g_assert_cmpint(pipe2(fds, O_CLOEXEC | O_NONBLOCK), ==, 0);
    g_assert_cmpint(write(fds[1], data, size), ==, (ssize_t)size);
  } else {
    fds[0] = fuzz_file(data, size, &path);
    fds[1] = fcntl(fds[0], F_DUPFD_CLOEXEC, 0);
  }
}

static void send_record(int locker, const void *record, size_t size, const int *fds, guint n)
{
  union {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(2 * sizeof(int))];
  } control = { .header = { .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(n * sizeof(int)) } };
  struct iovec payload = { (void *)record, size };
  struct msghdr message = { .msg_iov = &payload, .msg_iovlen = 1, .msg_control = n ? &control : NULL,
                            .msg_controllen = n ? CMSG_SPACE(n * sizeof(int)) : 0 };

  memcpy(CMSG_DATA(&control.header), fds, n * sizeof(int));
  g_assert_cmpint(sendmsg(locker, &message, MSG_NOSIGNAL), ==, (ssize_t)size);
}

static void fill(int locker, const uint8_t *data, size_t size)
{
  for (guint i = 0; i < MAX_MESSAGES && size > sizeof(RacerRecord); i++) {
    size_t length = data[0] & SHORT ? sizeof(RacerRecord) / 2 : sizeof(RacerRecord);
    int fds[2];
    make_fds(data[0] >> 2 & 3, data + 1, MIN(size - 1, 64), fds);
    send_record(locker, data + 1, length, fds, MIN(data[0] & 3, 2));
    close(fds[0]);
    close(fds[1]);
    data += 1 + sizeof(RacerRecord);
    size -= 1 + sizeof(RacerRecord);
  }
}

/* Of those that an input can have opened */
static guint count_fds(void)
{
  guint count = 0;

  for (int fd = 0; fd < 128; fd++)
    count += fcntl(fd, F_GETFD) >= 0;
  return count;
}

static void check(const GPtrArray *survivors)
{
  for (guint i = 0; i < survivors->len; i++) {
    const RacerSurvivor *survivor = survivors->pdata[i];
    g_assert_cmpint(survivor->client, >=, 0);
    for (guint way = 0; way < G_N_ELEMENTS(survivor->held); way++)
      g_assert_true(!survivor->held[way].block || survivor->held[way].size <= RACER_BLOCK_SIZE);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  g_autoptr(GArray) lockers = g_array_new(FALSE, FALSE, sizeof(int));
  guint before = count_fds(), unknown = 0;
  int pair[2];

  g_assert_cmpint(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), ==, 0);
  fill(pair[0], data, size);
  g_array_append_val(lockers, pair[1]);
  GPtrArray *survivors = racer_handover_read(lockers, &unknown);
  check(survivors);
  g_ptr_array_unref(survivors);
  close(pair[0]);
  close(pair[1]);
  g_assert_cmpuint(count_fds(), ==, before);
  return 0;
}
