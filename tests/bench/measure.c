/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/*
 * usage: measure PROGRAM [ARGUMENT...]
 * Runs it with its output thrown away and prints "WALL CPU PEAK": milliseconds, milliseconds of processor time, largest resident set in KiB.
 * The peak is that of the program itself as long as it is larger than this one: what calls it is not counted, as it is by getrusage(2) where a large
 * process starts a small one.
 */

static double milliseconds(struct timeval time)
{
  return time.tv_sec * 1e3 + time.tv_usec / 1e3;
}

static double now(void)
{
  struct timespec time;

  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1e3 + time.tv_nsec / 1e6;
}

static int be(char **argv)
{
  int null = open("/dev/null", O_WRONLY);

  if (null < 0 || dup2(null, STDOUT_FILENO) < 0)
    return 127;
  execvp(*argv, argv);
  fprintf(stderr, "measure: %s: %s\n", *argv, strerror(errno));
  return 127;
}

int main(int argc, char **argv)
{
  struct rusage usage;
  double begin = now();
  int status;
  pid_t pid = argc > 1 ? fork() : -1;

  if (pid == 0)
    _exit(be(argv + 1));
  if (pid < 0 || wait4(pid, &status, 0, &usage) < 0)
    return 1;
  printf("%.3f %.3f %ld\n", now() - begin, milliseconds(usage.ru_utime) + milliseconds(usage.ru_stime), usage.ru_maxrss);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
