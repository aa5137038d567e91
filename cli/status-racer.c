/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "cli/status-parts.h"
#include "racer/settings.h"

static gboolean parse_number(const char *text, guint64 *ret_number)
{
  return g_ascii_string_to_unsigned(text, 10, 0, G_MAXINT64, ret_number, NULL);
}

/* "12 (31240 us)", or "12" if it has not connected yet */
static gboolean parse_win(char *text, NeoStatusWins *win)
{
  char *time = strstr(text, " (");
  guint64 us = 0;

  if (time) {
    if (!g_str_has_suffix(time, " us)"))
      return FALSE;
    time[strlen(time) - strlen(" us)")] = '\0';
    *time = '\0';
    if (!parse_number(time + 2, &us) || us > G_MAXUINT32)
      return FALSE;
  }
  win->connect_us = us;
  return parse_number(text, &win->won);
}

static gboolean parse_wins(const char *text, GArray *wins)
{
  g_auto(GStrv) parts = g_strsplit(text, ",", -1);

  for (char **part = parts; *part; part++) {
    char *entry = g_strstrip(*part), *blank = strchr(entry, ' ');
    NeoStatusWins win;
    if (!blank || !parse_win(blank + 1, &win))
      return FALSE;
    win.endpoint = g_strndup(entry, blank - entry);
    g_array_append_val(wins, win);
  }
  return TRUE;
}

static void clear_wins(gpointer data)
{
  g_free(((NeoStatusWins *)data)->endpoint);
}

gboolean neo_status_parse_racer(const char *text, NeoStatusRacer *racer)
{
  g_auto(GStrv) parts = g_strsplit(text, ";", 3);
  g_autoptr(GArray) wins = g_array_new(FALSE, FALSE, sizeof(NeoStatusWins));
  guint64 open, failed;

  g_array_set_clear_func(wins, clear_wins);
  if (g_strv_length(parts) != 3 || !g_str_has_suffix(parts[0], " open") || !g_str_has_prefix(parts[1], " won: ") ||
      !g_str_has_prefix(parts[2], " failed "))
    return FALSE;
  parts[0][strlen(parts[0]) - strlen(" open")] = '\0';
  if (!parse_number(parts[0], &open) || !parse_number(parts[2] + strlen(" failed "), &failed) ||
      !parse_wins(parts[1] + strlen(" won: "), wins))
    return FALSE;
  g_array_unref(racer->wins);
  racer->wins = g_steal_pointer(&wins);
  racer->open = open;
  racer->failed = failed;
  racer->running = TRUE;
  return TRUE;
}

/* Of the endpoints of a file the first is the proxy, the others are ways to it. */
static void take_file(NeoStatusRacer *racer, NeoRoutes *routes)
{
  g_autofree char *path = g_strdup_printf(NEO_CONFDIR "/racer/%s.conf", racer->name);
  g_autoptr(RacerSettings) settings = racer_settings_load(path, NULL);

  for (guint i = 0; settings && i < settings->endpoints->len; i++) {
    const RacerEndpoint *endpoint = settings->endpoints->pdata[i];
    NeoStatusWins win = { .endpoint = g_strdup(endpoint->text) };
    g_array_append_val(racer->wins, win);
    if (endpoint->address.family)
      g_array_append_val(i ? routes->relays : routes->direct, endpoint->address);
  }
}

static void take_units(NeoStatusRacer *racer, const NeoUnits *units)
{
  g_autofree char *socket = g_strdup_printf("neo-racer@%s.socket", racer->name);
  g_autofree char *service = g_strdup_printf("neo-racer@%s.service", racer->name);
  g_autofree char *text = NULL;

  racer->socket_state = neo_units_state(units, socket);
  racer->service_state = neo_units_state(units, service);
  if (g_str_equal(racer->service_state, "active"))
    text = neo_units_status_text(units, service);
  if (text)
    neo_status_parse_racer(text, racer);
}

void neo_status_collect_racers(NeoStatus *status, const NeoUnits *units, NeoRoutes *routes)
{
  g_autoptr(GPtrArray) names = neo_status_names(NEO_CONFDIR "/racer", "neo-racer", units);

  for (guint i = 0; i < names->len; i++) {
    NeoStatusRacer *racer = neo_status_racer_new(names->pdata[i]);
    take_file(racer, routes);
    if (units)
      take_units(racer, units);
    g_ptr_array_add(status->racers, racer);
  }
}
