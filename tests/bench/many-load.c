/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Load for measuring what many open connections cost a TCP forwarder: a server that answers on any number
 * of them, and a client that holds them.
 *
 *   many-load serve PORT
 *       sends back what comes; several may share the port
 *   many-load hold PORT[,PORT...] CONNECTIONS MESSAGES
 *       opens the connections to 127.0.0.1, to each port in turn, and prints how many seconds that took;
 *       for each line on standard input, which says how many at a time, sends MESSAGES of 1 KiB, each on
 *       the connection that has been quiet for longest, and prints the seconds until all are back, and p50
 *       of one in microseconds; ends with standard input
 */
#include <arpa/inet.h>
#include <errno.h>
#include <glib.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/tool.h"

enum { MESSAGE = 1024, EVENTS = 256, CHUNK = 64 * 1024 };

typedef struct {
  int fd;
  gsize missing; /* of the answer */
  gint64 sent;
} Connection;

typedef struct {
  int poll;
  GQueue idle; /* Connection, the longest quiet one first */
  gint64 *times;
  guint sent, answered, wanted;
} Load;

static void set_no_delay(int fd)
{
  int one = 1;

  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

static void allow_many(void)
{
  struct rlimit limit;

  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
}

static void watch(int poll, int fd, void *data)
{
  struct epoll_event event = { .events = EPOLLIN, .data.ptr = data };

  need(epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event) == 0, "epoll_ctl");
}

static int listen_on(const char *port)
{
  struct sockaddr_in address = { .sin_family = AF_INET,
                                 .sin_port = htons(atoi(port)),
                                 .sin_addr.s_addr = htonl(INADDR_ANY) };
  int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

  need(fd >= 0, "socket");
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  need(setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one) == 0, "SO_REUSEPORT");
  need(bind(fd, (struct sockaddr *)&address, sizeof address) == 0, "bind");
  need(listen(fd, 4096) == 0, "listen");
  return fd;
}

static void echo(int fd, char *chunk)
{
  ssize_t n = recv(fd, chunk, CHUNK, 0);

  if (n <= 0 || send(fd, chunk, n, MSG_NOSIGNAL) != n)
    close(fd);
}

static int serve(char **arguments)
{
  int listener = listen_on(arguments[0]), poll = epoll_create1(0);
  g_autofree char *chunk = g_malloc(CHUNK);
  struct epoll_event events[EVENTS];

  watch(poll, listener, GINT_TO_POINTER(listener));
  for (;;) {
    int n = epoll_wait(poll, events, EVENTS, -1);
    for (int i = 0; i < n; i++) {
      int fd = GPOINTER_TO_INT(events[i].data.ptr);
      if (fd != listener) {
        echo(fd, chunk);
        continue;
      }
      need((fd = accept(listener, NULL, NULL)) >= 0, "accept");
      set_no_delay(fd);
      watch(poll, fd, GINT_TO_POINTER(fd));
    }
  }
  return 0;
}

static Connection *open_one(const char *port)
{
  struct sockaddr_in address = { .sin_family = AF_INET,
                                 .sin_port = htons(atoi(port)),
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
  struct linger reset = { .l_onoff = 1 };
  Connection *connection = g_new0(Connection, 1);

  connection->fd = socket(AF_INET, SOCK_STREAM, 0);
  need(connection->fd >= 0, "socket");
  set_no_delay(connection->fd);
  /* So that thousands of ports are free again at once. */
  setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  need(connect(connection->fd, (struct sockaddr *)&address, sizeof address) == 0, "connect");
  return connection;
}

/* The next message, on the connection that has been quiet for longest. */
static void send_next(Load *load)
{
  static const char message[MESSAGE];
  Connection *connection = load->sent < load->wanted ? g_queue_pop_head(&load->idle) : NULL;

  if (!connection)
    return;
  connection->missing = MESSAGE;
  connection->sent = g_get_monotonic_time();
  need(send(connection->fd, message, MESSAGE, MSG_NOSIGNAL) == MESSAGE, "send");
  load->sent++;
}

static void receive(Load *load, Connection *connection)
{
  char answer[MESSAGE];
  ssize_t n = recv(connection->fd, answer, sizeof answer, 0);

  if (n == 0)
    errno = ECONNRESET;
  need(n > 0 && (gsize)n <= connection->missing, "answer");
  connection->missing -= n;
  if (connection->missing)
    return;
  load->times[load->answered++] = g_get_monotonic_time() - connection->sent;
  g_queue_push_tail(&load->idle, connection);
  send_next(load);
}

/* Seconds. */
static double exchange(Load *load, guint messages, guint window)
{
  struct epoll_event events[EVENTS];
  gint64 start = g_get_monotonic_time();

  load->sent = load->answered = 0;
  load->wanted = messages;
  for (guint i = 0; i < window; i++)
    send_next(load);
  while (load->answered < load->wanted) {
    int n = epoll_wait(load->poll, events, EVENTS, -1);
    for (int i = 0; i < n; i++)
      receive(load, events[i].data.ptr);
  }
  return (g_get_monotonic_time() - start) / 1e6;
}

/* Each connection is used once before it counts as open: a forwarder may accept before it has reached the server. */
static double open_all(Load *load, GStrv ports, guint connections)
{
  gint64 start = g_get_monotonic_time();

  for (guint i = 0; i < connections; i++) {
    Connection *connection = open_one(ports[i % g_strv_length(ports)]);
    watch(load->poll, connection->fd, connection);
    g_queue_push_head(&load->idle, connection);
    exchange(load, 1, 1);
  }
  return (g_get_monotonic_time() - start) / 1e6;
}

static int compare(gconstpointer a, gconstpointer b)
{
  const gint64 *x = a, *y = b;
  return (*x > *y) - (*x < *y);
}

static int hold(char **arguments)
{
  g_auto(GStrv) ports = g_strsplit(arguments[0], ",", -1);
  guint messages = MAX(atoi(arguments[2]), 1);
  Load load = { .poll = epoll_create1(0), .idle = G_QUEUE_INIT, .times = g_new(gint64, messages) };
  char line[16];

  setvbuf(stdout, NULL, _IOLBF, 0);
  printf("%.6f\n", open_all(&load, ports, atoi(arguments[1])));
  while (fgets(line, sizeof line, stdin)) {
    double seconds = exchange(&load, messages, MAX(atoi(line), 1));
    qsort(load.times, messages, sizeof *load.times, compare);
    printf("%.6f %" G_GINT64_FORMAT "\n", seconds, load.times[messages / 2]);
  }
  return 0;
}

int main(int argc, char **argv)
{
  const char *what = argc > 1 ? argv[1] : "";

  allow_many();
  if (g_str_equal(what, "serve") && argc == 3)
    return serve(argv + 2);
  if (g_str_equal(what, "hold") && argc == 5)
    return hold(argv + 2);
  fprintf(stderr, "usage: see the top of many-load.c\n");
  return 64;
}
