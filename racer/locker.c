/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "racer/locker.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "racer/store.h"

typedef struct {
  int in, out;
  gboolean of_connections;
  GQueue stowed; /* in the order of the messages */
  guint n_unwanted;
} Locker;

struct RacerStowed {
  GList link;
  Locker *locker;
  gboolean wanted;
  RacerRecord record;
  int fds[RACER_LOCKER_MAX_FDS];
  guint n_fds;
};

struct RacerLockers {
  char *name;
  GPtrArray *lockers;
};

typedef union {
  struct cmsghdr header; /* for the alignment */
  char bytes[CMSG_SPACE(RACER_LOCKER_MAX_FDS * sizeof(int))];
} Control;

static void locker_free(gpointer data)
{
  Locker *locker = data;

  close(locker->in);
  close(locker->out);
  while (locker->stowed.length > 0)
    g_free(g_queue_pop_head_link(&locker->stowed)->data);
  g_free(locker);
}

RacerLockers *racer_lockers_new(const char *name)
{
  RacerLockers *lockers = g_new0(RacerLockers, 1);

  lockers->name = g_strdup(name);
  lockers->lockers = g_ptr_array_new_with_free_func(locker_free);
  return lockers;
}

void racer_lockers_free(RacerLockers *lockers)
{
  g_ptr_array_unref(lockers->lockers);
  g_free(lockers->name);
  g_free(lockers);
}

static Locker *locker_new(RacerLockers *lockers, gboolean of_connections)
{
  int pair[2];

  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
    return NULL;
  if (!racer_store_put(lockers->name, pair[1])) {
    close(pair[0]);
    close(pair[1]);
    errno = EPIPE;
    return NULL;
  }
  Locker *locker = g_new0(Locker, 1);
  locker->in = pair[0];
  locker->out = pair[1];
  locker->of_connections = of_connections;
  g_ptr_array_add(lockers->lockers, locker);
  return locker;
}

/* Pipes and maps stay as long as the process: before connections they would keep these from ever coming to the head. */
static Locker *locker_with_room(RacerLockers *lockers, gboolean of_connections)
{
  for (guint i = lockers->lockers->len; i > 0; i--) {
    Locker *locker = lockers->lockers->pdata[i - 1];
    if (locker->of_connections == of_connections && locker->stowed.length < RACER_LOCKER_SIZE)
      return locker;
  }
  return locker_new(lockers, of_connections);
}

static gboolean send_stowed(RacerStowed *stowed)
{
  Control control = { 0 };
  struct iovec payload = { &stowed->record, sizeof stowed->record };
  struct msghdr message = { .msg_iov = &payload, .msg_iovlen = 1, .msg_control = &control,
                            .msg_controllen = CMSG_SPACE(stowed->n_fds * sizeof(int)) };

  control.header = (struct cmsghdr){ .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS,
                                     .cmsg_len = CMSG_LEN(stowed->n_fds * sizeof(int)) };
  memcpy(CMSG_DATA(&control.header), stowed->fds, stowed->n_fds * sizeof(int));
  return sendmsg(stowed->locker->in, &message, MSG_NOSIGNAL) >= 0;
}

RacerStowed *racer_lockers_put(RacerLockers *lockers, RacerRecord record, const int *fds, guint n_fds)
{
  Locker *locker = locker_with_room(lockers, record.kind == RACER_RECORD_CONNECTION);

  if (!locker)
    return NULL;
  RacerStowed *stowed = g_new0(RacerStowed, 1);
  stowed->locker = locker;
  stowed->wanted = TRUE;
  stowed->record = record;
  stowed->record.version = RACER_LOCKER_VERSION;
  stowed->n_fds = n_fds;
  memcpy(stowed->fds, fds, n_fds * sizeof(int));
  stowed->link.data = stowed;
  if (!send_stowed(stowed)) {
    g_free(stowed);
    return NULL;
  }
  g_queue_push_tail_link(&locker->stowed, &stowed->link);
  return stowed;
}

/* Without room for them the kernel closes the file descriptors of the message. */
static void drop_head(Locker *locker)
{
  RacerRecord record;

  recv(locker->out, &record, sizeof record, 0);
  g_queue_pop_head_link(&locker->stowed);
}

static RacerStowed *head_of(const Locker *locker)
{
  return g_queue_peek_head((GQueue *)&locker->stowed);
}

static void drop_unwanted_head(Locker *locker)
{
  for (RacerStowed *head; (head = head_of(locker)) && !head->wanted;) {
    drop_head(locker);
    locker->n_unwanted--;
    g_free(head);
  }
}

/* Each wanted one goes in behind before it is taken off in front. */
static void turn_over(Locker *locker)
{
  for (guint n = locker->stowed.length; n > 0 && locker->n_unwanted > 0; n--) {
    RacerStowed *head = head_of(locker);
    if (head->wanted && send_stowed(head)) {
      drop_head(locker);
      g_queue_push_tail_link(&locker->stowed, &head->link);
    }
    drop_unwanted_head(locker);
  }
}

gboolean racer_lockers_take_out(RacerLockers *lockers, RacerStowed *stowed)
{
  Locker *locker = stowed->locker;
  gboolean goes = head_of(locker) == stowed;

  stowed->wanted = FALSE;
  locker->n_unwanted++;
  drop_unwanted_head(locker);
  if (locker->n_unwanted > RACER_LOCKER_SIZE / 2)
    turn_over(locker);
  return goes;
}

static guint count_fds(struct msghdr *message, int ret_fds[RACER_LOCKER_MAX_FDS])
{
  struct cmsghdr *header = CMSG_FIRSTHDR(message);

  if (!header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
    return 0;
  guint n = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
  memcpy(ret_fds, CMSG_DATA(header), n * sizeof(int));
  return n;
}

int racer_locker_receive(int fd, RacerRecord *ret_record, int ret_fds[RACER_LOCKER_MAX_FDS])
{
  Control control = { 0 };
  struct iovec payload = { ret_record, sizeof *ret_record };
  struct msghdr message = { .msg_iov = &payload, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };

  ssize_t size = recvmsg(fd, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  if (size <= 0)
    return -1;
  if (size != sizeof *ret_record || message.msg_flags & (MSG_TRUNC | MSG_CTRUNC))
    *ret_record = (RacerRecord){ 0 };
  return count_fds(&message, ret_fds);
}
