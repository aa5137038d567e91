/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Before curses.h, which defines OK and other short words. */
#include "cli/arguments.h"
#include "cli/status-collect.h"
#include "cli/top-model.h"

#include <curses.h>
#include <langinfo.h>
#include <unistd.h>

typedef struct {
  NeoCollector *collector;
  NeoTop *top;
  NeoTopOrder order;
  gboolean ascii, paused;
} Session;

static gboolean is_utf8(void)
{
  return g_str_equal(nl_langinfo(CODESET), "UTF-8");
}

/* https://no-color.org: any text but the empty one. */
static gboolean wants_colour(void)
{
  const char *no_color = g_getenv("NO_COLOR");

  return (!no_color || !*no_color) && has_colors();
}

static void start_colours(void)
{
  if (!wants_colour())
    return;
  start_color();
  use_default_colors();
  init_pair(NEO_TOP_HEADING, COLOR_CYAN, -1);
  init_pair(NEO_TOP_BUSY, COLOR_GREEN, -1);
  init_pair(NEO_TOP_BAD, COLOR_RED, -1);
}

static void draw(const Session *session)
{
  g_autoptr(GArray) lines = neo_top_lines(session->top, MAX(COLS - 1, 1), LINES, session->ascii, session->paused);

  erase();
  for (guint i = 0; i < lines->len; i++) {
    NeoTopLine *line = &g_array_index(lines, NeoTopLine, i);
    int attributes = line->style == NEO_TOP_TITLE || line->style == NEO_TOP_HEADING ? A_BOLD : A_NORMAL;
    attrset(attributes);
    if (wants_colour() && line->style > NEO_TOP_TITLE)
      attron(COLOR_PAIR(line->style));
    mvaddstr(i, 0, line->text);
    g_free(line->text);
  }
  refresh();
}

static gboolean look(Session *session, GError **error)
{
  g_autoptr(NeoStatus) status = neo_collector_take(session->collector, error);

  if (!status)
    return FALSE;
  neo_top_update(session->top, status, g_get_monotonic_time());
  return TRUE;
}

/* FALSE to end. */
static gboolean take_key(Session *session, int key)
{
  switch (key) {
  case 'q': return FALSE;
  case ' ':
  case 'p': session->paused = !session->paused; break;
  case 's':
    session->order = (session->order + 1) % NEO_TOP_N_ORDERS;
    neo_top_sort(session->top, session->order);
    break;
  }
  return TRUE;
}

static gboolean run(Session *session, gint64 interval_us, GError **error)
{
  gint64 next = g_get_monotonic_time();

  for (;;) {
    gint64 now = g_get_monotonic_time();
    if (now >= next) {
      if (!session->paused && !look(session, error))
        return FALSE;
      next = MAX(next + interval_us, now);
    }
    draw(session);
    timeout(MAX((next - g_get_monotonic_time()) / 1000, 1));
    if (!take_key(session, getch()))
      return TRUE;
  }
}

static SCREEN *open_screen(GError **error)
{
  SCREEN *screen = isatty(STDOUT_FILENO) && isatty(STDIN_FILENO) ? newterm(NULL, stdout, stdin) : NULL;

  if (!screen) {
    neo_arguments_refuse(error, "neo top needs a terminal that it knows (TERM=%s); \"neo status\" prints the same once", g_getenv("TERM"));
    return NULL;
  }
  cbreak();
  noecho();
  curs_set(0);
  keypad(stdscr, TRUE);
  start_colours();
  return screen;
}

gboolean neo_top_main(const NeoVerb *verb, int argc, char **argv, GError **error)
{
  double seconds = 1;
  gboolean ascii = FALSE;
  const GOptionEntry entries[] = {
    { "seconds", 0, 0, G_OPTION_ARG_DOUBLE, &seconds, "Looks so often (1)", "NUMBER" },
    { "ascii", 0, 0, G_OPTION_ARG_NONE, &ascii, "Draws with ASCII characters only", NULL },
    { NULL },
  };

  if (!neo_arguments_parse(verb, entries, argc, argv, error))
    return FALSE;
  if (!(seconds >= 0.1 && seconds <= 3600))
    return neo_arguments_refuse(error, "--seconds: not in range; expected 0.1 to 3600");
  g_autoptr(NeoCollector) collector = neo_collector_new(error);
  if (!collector)
    return FALSE;
  g_autoptr(NeoTop) top = neo_top_new();
  Session session = { collector, top, NEO_TOP_BY_NAME, ascii || !is_utf8(), FALSE };
  SCREEN *screen = open_screen(error);
  if (!screen)
    return FALSE;
  gboolean done = run(&session, seconds * G_USEC_PER_SEC, error);
  endwin();
  delscreen(screen);
  return done;
}
