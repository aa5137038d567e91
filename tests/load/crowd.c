/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A crowd of connections. Each sends a byte and waits for it to come back.
 *
 *   crowd serve tcp|mptcp PORT PROCESSES                  echoes until it is killed; says "ready"
 *   crowd hold tcp|mptcp COUNT RATE PORT TO... -FROM...   opens COUNT connections, at most RATE each second, and says
 * how they fared; then sends a byte on each of them for each line of standard input and says how many came back; the
 * end of input closes them crowd pass tcp|mptcp COUNT RATE PORT TO... -FROM...   the same, and each is closed as soon
 * as it has its byte
 *
 * TO and FROM are addresses and take turns; "-" alone is the address that the kernel chooses. What it says is one line,
 * such as open 998 seconds 0.51 p50_us 210 p99_us 1900 max_us 2100 ECONNREFUSED 2 where names of errors are what befell
 * the others, and ETIMEDOUT are those that had no answer for 20 s.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <glib.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/tool.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

#define PATIENCE_US (20 * G_USEC_PER_SEC)
/* Not answered at a time: where the machine is slower than RATE the crowd is, too, and fills no queue. */
#define MAX_PENDING 500
/* Begun in one turn: what comes back has its turn, too. */
#define BATCH 64
#define MAX_ADDRESSES 64
/* File descriptors that a process keeps for other things. */
#define SPARE_FDS 64

typedef struct {
  int fd; /* -1: closed */
  gint64 since;
  gboolean connected, answered;
} Member;

typedef struct {
  int protocol, epoll;
  guint count, begun, pending, answered, rate;
  gboolean hold;
  guint16 port;
  struct in_addr from[MAX_ADDRESSES], to[MAX_ADDRESSES];
  guint n_from, n_to;
  Member *members;
  GArray *times;       /* gint64: microseconds until the byte came back */
  guint failures[256]; /* by errno */
} Crowd;

static guint raise_fd_limit(void)
{
  struct rlimit limit;

  need(getrlimit(RLIMIT_NOFILE, &limit) == 0, "getrlimit");
  limit.rlim_cur = limit.rlim_max;
  need(setrlimit(RLIMIT_NOFILE, &limit) == 0, "setrlimit");
  return limit.rlim_cur;
}

static int protocol_of(const char *name)
{
  return g_str_equal(name, "mptcp") ? IPPROTO_MPTCP : IPPROTO_TCP;
}

/* --- the server --- */

static void echo(int epoll, int fd)
{
  char bytes[4096];
  ssize_t size = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);

  if (size > 0)
    send(fd, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
  else if (size == 0 || errno != EAGAIN) {
    epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL);
    close(fd);
  }
}

/* One process that is full leaves the listener to the others. */
static void serve_many(int listener, guint limit)
{
  struct epoll_event events[64], watched = { .events = EPOLLIN | EPOLLEXCLUSIVE, .data.fd = listener };
  int epoll = epoll_create1(EPOLL_CLOEXEC);

  need(epoll >= 0 && epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &watched) == 0, "epoll");
  for (;;) {
    int n = epoll_wait(epoll, events, G_N_ELEMENTS(events), -1);
    for (int i = 0; i < n; i++) {
      if (events[i].data.fd != listener) {
        echo(epoll, events[i].data.fd);
        continue;
      }
      int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0)
        continue;
      struct epoll_event accepted = { .events = EPOLLIN, .data.fd = fd };
      need(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &accepted) == 0, "epoll_ctl");
      if ((guint)fd > limit - SPARE_FDS)
        epoll_ctl(epoll, EPOLL_CTL_DEL, listener, NULL);
    }
  }
}

static int serve(char **words)
{
  int one = 1, protocol = protocol_of(words[0]), processes = atoi(words[2]);
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(atoi(words[1])) };
  guint limit = raise_fd_limit();

  need(listener >= 0 && setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0, "socket");
  need(bind(listener, (struct sockaddr *)&address, sizeof address) == 0 && listen(listener, 4096) == 0, "listen");
  puts("ready");
  fflush(stdout);
  for (int i = 1; i < processes; i++) {
    pid_t child = fork();
    need(child >= 0, "fork");
    if (child > 0)
      continue;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    break;
  }
  serve_many(listener, limit);
  return 0;
}

/* --- clients --- */

static void leave(Crowd *crowd, Member *member, int errnum)
{
  if (!member->answered || errnum)
    crowd->failures[MIN(errnum, 255)]++;
  if (!member->answered)
    crowd->pending--;
  else if (errnum)
    crowd->answered--;
  if (member->fd >= 0)
    close(member->fd);
  member->fd = -1;
}

static void begin(Crowd *crowd, Member *member)
{
  guint n = crowd->begun++;
  struct sockaddr_in from = { .sin_family = AF_INET, .sin_addr = crowd->from[n % crowd->n_from] };
  struct sockaddr_in to = { .sin_family = AF_INET,
                            .sin_port = htons(crowd->port),
                            .sin_addr = crowd->to[n % crowd->n_to] };
  struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = member };
  int one = 1;

  member->since = g_get_monotonic_time();
  crowd->pending++;
  member->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, crowd->protocol);
  if (member->fd < 0 || setsockopt(member->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one) < 0 ||
      bind(member->fd, (struct sockaddr *)&from, sizeof from) < 0 ||
      (connect(member->fd, (struct sockaddr *)&to, sizeof to) < 0 && errno != EINPROGRESS) ||
      epoll_ctl(crowd->epoll, EPOLL_CTL_ADD, member->fd, &event) < 0)
    leave(crowd, member, errno);
}

static int socket_error(int fd)
{
  int errnum = 0;
  socklen_t size = sizeof errnum;

  getsockopt(fd, SOL_SOCKET, SO_ERROR, &errnum, &size);
  return errnum;
}

static void take_answer(Crowd *crowd, Member *member)
{
  char byte;
  ssize_t size = recv(member->fd, &byte, 1, MSG_DONTWAIT);
  gint64 taken = g_get_monotonic_time() - member->since;

  if (size < 0 && errno == EAGAIN)
    return;
  if (size != 1) {
    leave(crowd, member, size < 0 ? errno : ECONNABORTED);
    return;
  }
  if (!member->answered) {
    member->answered = TRUE;
    crowd->pending--;
    g_array_append_val(crowd->times, taken);
  }
  crowd->answered++;
  if (!crowd->hold)
    leave(crowd, member, 0);
}

static void dispatch(Crowd *crowd, Member *member, guint32 events)
{
  if (member->fd < 0)
    return;
  int errnum = events & (EPOLLERR | EPOLLHUP) ? socket_error(member->fd) : 0;
  if (errnum) {
    leave(crowd, member, errnum);
    return;
  }
  if (!member->connected && events & EPOLLOUT) {
    member->connected = TRUE;
    if (send(member->fd, "x", 1, MSG_NOSIGNAL) != 1) {
      leave(crowd, member, errno);
      return;
    }
  }
  if (events & EPOLLIN)
    take_answer(crowd, member);
}

static void turn(Crowd *crowd, int wait_ms)
{
  struct epoll_event events[64];
  int n = epoll_wait(crowd->epoll, events, G_N_ELEMENTS(events), wait_ms);

  for (int i = 0; i < n; i++)
    dispatch(crowd, events[i].data.ptr, events[i].events);
}

static gint compare(gconstpointer a, gconstpointer b)
{
  const gint64 *x = a, *y = b;
  return (*x > *y) - (*x < *y);
}

static void print_times(GArray *times)
{
  g_array_sort(times, compare);
  if (times->len > 0)
    printf(" p50_us %" G_GINT64_FORMAT " p99_us %" G_GINT64_FORMAT " max_us %" G_GINT64_FORMAT,
           g_array_index(times, gint64, times->len / 2), g_array_index(times, gint64, times->len * 99 / 100),
           g_array_index(times, gint64, times->len - 1));
}

/* What is said of failures is said once. */
static void print_line(Crowd *crowd, const char *what, guint count, gint64 began)
{
  printf("%s %u seconds %.2f", what, count, (g_get_monotonic_time() - began) / 1e6);
  print_times(crowd->times);
  for (guint i = 0; i < G_N_ELEMENTS(crowd->failures); i++)
    if (crowd->failures[i])
      printf(" %s %u", strerrorname_np(i) ? strerrorname_np(i) : "0", crowd->failures[i]);
  puts("");
  fflush(stdout);
  memset(crowd->failures, 0, sizeof crowd->failures);
  g_array_set_size(crowd->times, 0);
}

/* Of those that had no answer for so long. */
static void give_up(Crowd *crowd)
{
  gint64 now = g_get_monotonic_time();

  for (guint i = 0; i < crowd->begun; i++) {
    Member *member = &crowd->members[i];
    if (member->fd >= 0 && !member->answered && member->since + PATIENCE_US < now)
      leave(crowd, member, ETIMEDOUT);
  }
}

static void begin_all(Crowd *crowd)
{
  gint64 began = g_get_monotonic_time(), looked = began;

  while (crowd->begun < crowd->count) {
    if (looked + G_USEC_PER_SEC < g_get_monotonic_time()) {
      give_up(crowd);
      looked = g_get_monotonic_time();
    }
    guint due = MIN((g_get_monotonic_time() - began) * crowd->rate / G_USEC_PER_SEC + 1, crowd->count),
          first = crowd->begun;
    while (crowd->begun < due && crowd->begun < first + BATCH && crowd->pending < MAX_PENDING)
      begin(crowd, &crowd->members[crowd->begun]);
    turn(crowd, crowd->begun < due && crowd->pending < MAX_PENDING ? 0 : 1);
  }
}

static void wait_for_pending(Crowd *crowd)
{
  while (crowd->pending > 0) {
    turn(crowd, 100);
    give_up(crowd);
  }
}

/* A byte there and back on each that is open. */
static void ask_all(Crowd *crowd)
{
  gint64 began = g_get_monotonic_time();
  guint asked = 0;

  crowd->answered = 0;
  for (guint i = 0; i < crowd->count; i++) {
    Member *member = &crowd->members[i];
    if (member->fd < 0)
      continue;
    asked++;
    member->answered = FALSE;
    member->since = g_get_monotonic_time();
    crowd->pending++;
    if (send(member->fd, "x", 1, MSG_NOSIGNAL) != 1)
      leave(crowd, member, errno);
    if (asked % BATCH == 0)
      turn(crowd, 0);
  }
  wait_for_pending(crowd);
  print_line(crowd, "alive", crowd->answered, began);
}

/* "-" stands for any address. */
static guint read_addresses(char **words, guint n, gboolean sources, struct in_addr *ret_addresses)
{
  guint found = 0;

  for (guint i = 0; i < n && found < MAX_ADDRESSES; i++) {
    gboolean source = words[i][0] == '-';
    if (source != sources)
      continue;
    ret_addresses[found].s_addr = htonl(INADDR_ANY);
    need(g_str_equal(words[i], "-") || inet_pton(AF_INET, words[i] + source, &ret_addresses[found]) == 1, words[i]);
    found++;
  }
  return found;
}

static int run_clients(const char *what, char **words, guint n)
{
  Crowd crowd = { .protocol = protocol_of(words[0]),
                  .count = atoi(words[1]),
                  .rate = atoi(words[2]),
                  .port = atoi(words[3]),
                  .hold = g_str_equal(what, "hold"),
                  .epoll = epoll_create1(EPOLL_CLOEXEC) };
  gint64 began = g_get_monotonic_time();
  char line[16];

  raise_fd_limit();
  crowd.n_from = read_addresses(words + 4, n - 4, TRUE, crowd.from);
  crowd.n_to = read_addresses(words + 4, n - 4, FALSE, crowd.to);
  need(crowd.epoll >= 0 && crowd.n_from > 0 && crowd.n_to > 0 && crowd.count > 0 && crowd.rate > 0, "arguments");
  crowd.members = g_new(Member, crowd.count);
  for (guint i = 0; i < crowd.count; i++)
    crowd.members[i] = (Member){ .fd = -1 };
  crowd.times = g_array_new(FALSE, FALSE, sizeof(gint64));
  begin_all(&crowd);
  wait_for_pending(&crowd);
  print_line(&crowd, crowd.hold ? "open" : "passed", crowd.answered, began);
  while (crowd.hold && fgets(line, sizeof line, stdin))
    ask_all(&crowd);
  g_array_unref(crowd.times);
  g_free(crowd.members);
  return 0;
}

int main(int argc, char **argv)
{
  const char *what = argc > 1 ? argv[1] : "";

  if (g_str_equal(what, "serve") && argc == 5)
    return serve(argv + 2);
  if ((g_str_equal(what, "hold") || g_str_equal(what, "pass")) && argc >= 8)
    return run_clients(what, argv + 2, argc - 2);
  fprintf(stderr, "usage: see the top of crowd.c\n");
  return 64;
}
