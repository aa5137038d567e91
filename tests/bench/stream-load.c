/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Load for measuring TCP forwarders: a server, and clients that print one figure each.
 *
 *   stream-load serve PORT tcp|mptcp            serves until killed
 *   stream-load up|down PORT STREAMS MIB        MIB MiB by each of STREAMS connections: prints GiB/s
 *   stream-load rate PORT PARALLEL COUNT        connect + 1 byte each way + close: prints connections/s
 *   stream-load connect PORT COUNT              the same one after the other: prints p50 and p99 in us
 *   stream-load ping PORT COUNT                 1 KiB there and back on one connection: prints p50 and p99 in us
 *
 * A client begins with a request of 9 bytes: what it wants, and how many bytes.
 */
#include <arpa/inet.h>
#include <glib.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/tool.h"

#define CHUNK (256 * 1024)
#define SERVERS 48
#define PING_SIZE 1024

typedef struct {
  char what; /* 'u'p, 'd'own, 'p'ing */
  guint64 bytes;
} __attribute__((packed)) Request;

static struct sockaddr_in address_of(const char *port)
{
  return (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(atoi(port)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

static void send_all(int fd, const char *data, gsize size)
{
  for (gsize sent = 0; sent < size;) {
    ssize_t n = send(fd, data + sent, size - sent, MSG_NOSIGNAL);
    if (n <= 0)
      return;
    sent += n;
  }
}

static gboolean receive_all(int fd, char *data, gsize size)
{
  for (gsize got = 0; got < size;) {
    ssize_t n = recv(fd, data + got, size - got, 0);
    if (n <= 0)
      return FALSE;
    got += n;
  }
  return TRUE;
}

static void send_bytes(int fd, char *chunk, guint64 bytes)
{
  for (; bytes > 0; bytes -= MIN(bytes, CHUNK))
    send_all(fd, chunk, MIN(bytes, CHUNK));
}

static guint64 discard(int fd, char *chunk, guint64 bytes)
{
  guint64 got = 0;

  while (got < bytes) {
    ssize_t n = recv(fd, chunk, MIN(bytes - got, CHUNK), 0);
    if (n <= 0)
      break;
    got += n;
  }
  return got;
}

static void serve_one(int fd, char *chunk)
{
  Request request;

  if (!receive_all(fd, (char *)&request, sizeof request))
    return;
  if (request.what == 'd')
    send_bytes(fd, chunk, request.bytes);
  else if (request.what == 'u' && discard(fd, chunk, request.bytes) == request.bytes)
    send_all(fd, chunk, 1);
  while (request.what == 'p' && receive_all(fd, chunk, PING_SIZE))
    send_all(fd, chunk, PING_SIZE);
}

static gpointer serve_thread(gpointer data)
{
  int listener = GPOINTER_TO_INT(data);
  char *chunk = g_malloc0(CHUNK);

  for (;;) {
    int fd = accept(listener, NULL, NULL);
    need(fd >= 0, "accept");
    serve_one(fd, chunk);
    close(fd);
  }
  return NULL;
}

static int serve(char **arguments)
{
  struct sockaddr_in address = address_of(arguments[0]);
  address.sin_addr.s_addr = htonl(INADDR_ANY);
  int one = 1;
  int listener = socket(AF_INET, SOCK_STREAM, g_str_equal(arguments[1], "mptcp") ? IPPROTO_MPTCP : IPPROTO_TCP);

  need(listener >= 0, "socket");
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  need(bind(listener, (struct sockaddr *)&address, sizeof address) == 0, "bind");
  need(listen(listener, 4096) == 0, "listen");
  for (int i = 1; i < SERVERS; i++)
    g_thread_new("serve", serve_thread, GINT_TO_POINTER(listener));
  serve_thread(GINT_TO_POINTER(listener));
  return 0;
}

static int request(const char *port, char what, guint64 bytes)
{
  struct sockaddr_in address = address_of(port);
  Request wanted = { what, bytes };
  int one = 1;
  int fd = socket(AF_INET, SOCK_STREAM, 0);

  need(fd >= 0, "socket");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  need(connect(fd, (struct sockaddr *)&address, sizeof address) == 0, "connect");
  send_all(fd, (char *)&wanted, sizeof wanted);
  return fd;
}

typedef struct {
  const char *port;
  char what;
  guint64 bytes;
  guint count;
} Job;

static gpointer stream_thread(gpointer data)
{
  const Job *job = data;
  g_autofree char *chunk = g_malloc0(CHUNK);
  int fd = request(job->port, job->what, job->bytes);

  if (job->what == 'u') {
    send_bytes(fd, chunk, job->bytes);
    need(discard(fd, chunk, 1) == 1, "answer");
  } else {
    need(discard(fd, chunk, job->bytes) == job->bytes, "answer");
  }
  close(fd);
  return NULL;
}

static gpointer rate_thread(gpointer data)
{
  const Job *job = data;

  for (guint i = 0; i < job->count; i++) {
    char byte;
    int fd = request(job->port, 'd', 1);
    need(recv(fd, &byte, 1, 0) == 1, "answer");
    close(fd);
  }
  return NULL;
}

static double run_threads(GThreadFunc function, Job *job, guint threads)
{
  g_autofree GThread **running = g_new(GThread *, threads);
  gint64 start = g_get_monotonic_time();

  for (guint i = 0; i < threads; i++)
    running[i] = g_thread_new("load", function, job);
  for (guint i = 0; i < threads; i++)
    g_thread_join(running[i]);
  return (g_get_monotonic_time() - start) / 1e6;
}

static int streams(const char *what, char **arguments)
{
  Job job = { arguments[0], what[0], g_ascii_strtoull(arguments[2], NULL, 10) << 20, 1 };
  guint n = atoi(arguments[1]);
  double seconds = run_threads(stream_thread, &job, n);

  printf("%.3f\n", (double)job.bytes * n / seconds / (1 << 30));
  return 0;
}

static int rate(char **arguments)
{
  guint threads = atoi(arguments[1]);
  Job job = { arguments[0], 'd', 1, atoi(arguments[2]) / threads };

  printf("%.0f\n", job.count * threads / run_threads(rate_thread, &job, threads));
  return 0;
}

static int compare(gconstpointer a, gconstpointer b)
{
  const gint64 *x = a, *y = b;
  return (*x > *y) - (*x < *y);
}

static void print_percentiles(gint64 *times, guint count)
{
  qsort(times, count, sizeof *times, compare);
  printf("%" G_GINT64_FORMAT " %" G_GINT64_FORMAT "\n", times[count / 2], times[count * 99 / 100]);
}

static int connects(char **arguments)
{
  guint count = atoi(arguments[1]);
  g_autofree gint64 *times = g_new(gint64, count);
  Job job = { arguments[0], 'd', 1, 1 };

  for (guint i = 0; i < count; i++) {
    gint64 start = g_get_monotonic_time();
    rate_thread(&job);
    times[i] = g_get_monotonic_time() - start;
  }
  print_percentiles(times, count);
  return 0;
}

static int ping(char **arguments)
{
  guint count = atoi(arguments[1]);
  g_autofree gint64 *times = g_new(gint64, count);
  char data[PING_SIZE] = { 0 };
  int fd = request(arguments[0], 'p', 0);

  for (guint i = 0; i < count; i++) {
    gint64 start = g_get_monotonic_time();
    send_all(fd, data, sizeof data);
    need(receive_all(fd, data, sizeof data), "answer");
    times[i] = g_get_monotonic_time() - start;
  }
  print_percentiles(times, count);
  return 0;
}

int main(int argc, char **argv)
{
  const char *what = argc > 1 ? argv[1] : "";

  if (g_str_equal(what, "serve") && argc == 4)
    return serve(argv + 2);
  if ((g_str_equal(what, "up") || g_str_equal(what, "down")) && argc == 5)
    return streams(what, argv + 2);
  if (g_str_equal(what, "rate") && argc == 5)
    return rate(argv + 2);
  if (g_str_equal(what, "connect") && argc == 4)
    return connects(argv + 2);
  if (g_str_equal(what, "ping") && argc == 4)
    return ping(argv + 2);
  fprintf(stderr, "usage: see the top of stream-load.c\n");
  return 64;
}
