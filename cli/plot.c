/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/arguments.h"
#include "cli/plot-svg.h"
#include "cli/status-collect.h"
#include "common/error.h"

enum { MAX_SAMPLES = 100000 };

typedef struct {
  double seconds, interval;
  int width, height;
  char *title;
} Settings;

static void settings_clear(Settings *settings)
{
  g_free(settings->title);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Settings, settings_clear)

static gboolean parse_seconds(const GStrv words, double *ret_seconds, GError **error)
{
  if (!words || words[1])
    return neo_arguments_refuse(error, "%s; expected for how many seconds to look",
                                words ? "more than one argument" : "no argument");
  char *end;
  double seconds = g_ascii_strtod(words[0], &end);
  if (end == words[0] || *end || !(seconds > 0 && seconds <= 86400))
    return neo_arguments_refuse(error, "not a number of seconds \"%s\"; expected more than 0, at most 86400", words[0]);
  *ret_seconds = seconds;
  return TRUE;
}

static gboolean check(const Settings *settings, GError **error)
{
  if (!(settings->interval >= 0.05 && settings->interval <= 3600))
    return neo_arguments_refuse(error, "--interval: not in range; expected 0.05 to 3600");
  if (settings->seconds / settings->interval > MAX_SAMPLES)
    return neo_arguments_refuse(error, "--interval: more than %d looks in %g seconds; expected %g at least",
                                MAX_SAMPLES, settings->seconds, settings->seconds / MAX_SAMPLES);
  if (settings->width < NEO_PLOT_MIN_WIDTH || settings->width > NEO_PLOT_MAX)
    return neo_arguments_refuse(error, "--width: not in range; expected %d to %d", NEO_PLOT_MIN_WIDTH, NEO_PLOT_MAX);
  if (settings->height < NEO_PLOT_MIN_HEIGHT || settings->height > NEO_PLOT_MAX)
    return neo_arguments_refuse(error, "--height: not in range; expected %d to %d", NEO_PLOT_MIN_HEIGHT, NEO_PLOT_MAX);
  if (isatty(STDOUT_FILENO))
    return neo_arguments_refuse(error, "the picture would go to the terminal; expected a file: neo plot %g > out.svg",
                                settings->seconds);
  return TRUE;
}

static gboolean parse(const NeoVerb *verb, int argc, char **argv, Settings *settings, GError **error)
{
  g_auto(GStrv) words = NULL;
  const GOptionEntry entries[] = {
    { "interval", 0, 0, G_OPTION_ARG_DOUBLE, &settings->interval, "Looks so often (0.25)", "SECONDS" },
    { "width", 0, 0, G_OPTION_ARG_INT, &settings->width, "Width of the picture in pixels (800)", "PIXELS" },
    { "height", 0, 0, G_OPTION_ARG_INT, &settings->height, "Its height (400)", "PIXELS" },
    { "title", 0, 0, G_OPTION_ARG_STRING, &settings->title, "Its title", "TEXT" },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &words, NULL, "SECONDS" },
    { NULL },
  };

  return neo_arguments_parse(verb, entries, argc, argv, error) && parse_seconds(words, &settings->seconds, error) &&
         check(settings, error);
}

/* What ends the looks early, so that the picture is drawn all the same. Blocked before there is a second thread. */
static sigset_t take_signals(void)
{
  sigset_t signals;

  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, NULL);
  return signals;
}

/* TRUE when a signal came before @until, in monotonic microseconds. */
static gboolean interrupted(const sigset_t *signals, gint64 until)
{
  gint64 left = MAX(until - g_get_monotonic_time(), 0);
  struct timespec timeout = { left / G_USEC_PER_SEC, left % G_USEC_PER_SEC * 1000 };

  return sigtimedwait(signals, NULL, &timeout) > 0;
}

static gboolean look(NeoCollector *collector, NeoPlotData *data, GError **error)
{
  g_autoptr(NeoStatus) status = neo_collector_take(collector, error);

  if (!status)
    return FALSE;
  neo_plot_data_add(data, status, g_get_monotonic_time());
  return TRUE;
}

/* A look that took longer than its turn leaves out the next. */
static NeoPlotData *sample(const Settings *settings, const sigset_t *signals, GError **error)
{
  g_autoptr(NeoCollector) collector = neo_collector_new(error);
  gint64 interval = settings->interval * G_USEC_PER_SEC;

  if (!collector)
    return NULL;
  neo_collector_prime(collector);
  gint64 start = g_get_monotonic_time(), end = start + settings->seconds * G_USEC_PER_SEC, now = start;
  g_autoptr(NeoPlotData) data = neo_plot_data_new(start);
  for (gboolean done = FALSE; !done; now = g_get_monotonic_time()) {
    gint64 next = MIN(start + ((now - start) / interval + 1) * interval, end);
    done = interrupted(signals, next) || next == end;
    if (!look(collector, data, error))
      return NULL;
  }
  return g_steal_pointer(&data);
}

static gboolean print(const char *text, GError **error)
{
  return (fputs(text, stdout) >= 0 && fflush(stdout) == 0) || neo_error_set_errno(error, errno, "standard output");
}

gboolean neo_plot_main(const NeoVerb *verb, int argc, char **argv, GError **error)
{
  g_auto(Settings) settings = { .interval = 0.25, .width = 800, .height = 400 };

  if (!parse(verb, argc, argv, &settings, error))
    return FALSE;
  sigset_t signals = take_signals();
  g_autoptr(NeoPlotData) data = sample(&settings, &signals, error);
  if (!data)
    return FALSE;
  g_autofree char *svg = neo_plot_to_svg(data, settings.width, settings.height,
                                         settings.title ? settings.title : "Throughput of each path");
  return print(svg, error);
}
