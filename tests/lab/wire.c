/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * neo-wire: a wire between two network namespaces, with delay, jitter, loss and rate.
 *
 * Each end is a TAP interface (wire-tap). Threads (wire-hands) read frames from one TAP, ask the model of the line
 * (wire-shaper) when each is due, keep it in a ring (wire-ring), and write it to the other TAP in time. The TAPs
 * exchange a virtio_net_hdr with each frame, so a segmented send of 64 KiB passes in one piece; with loss they give
 * no such frames, so that the loss hits single packets.
 *
 * The main thread answers on a unix socket: one line of settings (wire-settings) in, the settings and counters out.
 */
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "tests/lab/wire-hands.h"
#include "tests/lab/wire-tap.h"

#define RING_SIZE (32u << 20)
#define LINE_MAX_BYTES 512

static Settings settings = { .queue_ns = 100000000 };
static Direction directions[N_DIRECTIONS] = {
  { .name = "out", .settings = &settings, .next_due_ns = UINT64_MAX, .serving = ATOMIC_FLAG_INIT },
  { .name = "in", .settings = &settings, .next_due_ns = UINT64_MAX, .serving = ATOMIC_FLAG_INIT },
};

static void apply_to_taps(void)
{
  for (int i = 0; i < N_DIRECTIONS; i++)
    if (!tap_set_whole(directions[i].in, settings.loss_ppb == 0))
      err(1, "%s: cannot set offloads", directions[i].name);
}

static void report(FILE *reply)
{
  settings_print(&settings, reply);
  for (int i = 0; i < N_DIRECTIONS; i++)
    fprintf(reply, "%s frames=%" PRIu64 " bytes=%" PRIu64 " lost=%" PRIu64 " full=%" PRIu64 "\n", directions[i].name,
            directions[i].passed, directions[i].bytes, directions[i].lost, directions[i].full);
}

static int control_socket(const char *path, struct sockaddr_un *ret_address)
{
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

  if (fd < 0)
    err(1, "socket");
  if (strlen(path) >= sizeof(ret_address->sun_path))
    errx(1, "\"%s\" is too long for the path of a socket", path);
  *ret_address = (struct sockaddr_un){ .sun_family = AF_UNIX };
  strcpy(ret_address->sun_path, path);
  return fd;
}

static void serve_client(int client)
{
  char line[LINE_MAX_BYTES];
  ssize_t n = recv(client, line, sizeof(line) - 1, 0);
  FILE *reply = fdopen(client, "w");

  if (!reply) {
    close(client);
    return;
  }
  if (n > 0) {
    line[n] = 0;
    if (settings_apply(&settings, line, reply)) {
      apply_to_taps();
      report(reply);
    }
  }
  fclose(reply);
}

static void directions_init(int a, int b)
{
  directions[0].in = directions[1].out = a;
  directions[0].out = directions[1].in = b;
  for (int i = 0; i < N_DIRECTIONS; i++) {
    directions[i].shaper.random = (uint64_t)time(NULL) * N_DIRECTIONS + (uint64_t)i;
    if (!ring_init(&directions[i].ring, RING_SIZE))
      err(1, "no memory for a ring of %u bytes", RING_SIZE);
  }
}

/* The settings are applied before the first frame; the socket appears when the wire is ready. */
static int run_main(int argc, char **argv)
{
  struct sockaddr_un address;
  int control = control_socket(argv[1], &address), a, b;

  for (int i = 6; i < argc; i++)
    if (!settings_apply(&settings, argv[i], stderr))
      return 2;
  a = tap_open(argv[2], argv[3]);
  b = tap_open(argv[4], argv[5]);
  directions_init(a, b);
  apply_to_taps();
  hands_start(directions);
  if (bind(control, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(control, 8) < 0)
    err(1, "%s", argv[1]);
  for (;;) {
    int client = accept4(control, NULL, NULL, SOCK_CLOEXEC);

    if (client >= 0)
      serve_client(client);
    else if (errno != EINTR && errno != ECONNABORTED)
      err(1, "accept");
  }
}

/* Sends the words to a running wire and prints its answer. */
static int set_main(int argc, char **argv)
{
  struct sockaddr_un address;
  char text[LINE_MAX_BYTES] = " ";
  bool failed = false;
  int fd = control_socket(argv[1], &address);

  for (int i = 2; i < argc; i++) {
    size_t used = strlen(text);

    if ((size_t)snprintf(text + used, sizeof(text) - used, "%s ", argv[i]) >= sizeof(text) - used)
      errx(1, "too many settings");
  }
  if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || send(fd, text, strlen(text), MSG_NOSIGNAL) < 0)
    err(1, "%s", argv[1]);
  for (ssize_t n; (n = read(fd, text, sizeof(text))) > 0;) {
    failed |= strncmp(text, "error", 5) == 0;
    fwrite(text, 1, (size_t)n, failed ? stderr : stdout);
  }
  return failed ? 2 : 0;
}

static const struct {
  const char *name, *arguments, *help;
  int min, max;
  int (*run)(int argc, char **argv);
} commands[] = {
  { "run", "SOCKET NETNS-A TAP-A NETNS-B TAP-B [SETTING=VALUE...]",
    "is the wire from A (\"out\") to B and back (\"in\")", 6, 6 + N_SETTINGS, run_main },
  { "set", "SOCKET [SETTING=VALUE...]", "changes a running wire; prints settings and counters", 2, 2 + N_SETTINGS,
    set_main },
};

int main(int argc, char **argv)
{
  signal(SIGPIPE, SIG_IGN);
  for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
    if (argc > 1 && strcmp(argv[1], commands[i].name) == 0 && argc - 1 >= commands[i].min &&
        argc - 1 <= commands[i].max)
      return commands[i].run(argc - 1, argv + 1);
  for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
    fprintf(stderr, "neo-wire %s %s\n    %s\n", commands[i].name, commands[i].arguments, commands[i].help);
  return 2;
}
