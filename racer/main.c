/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "common/error.h"
#include "common/log.h"
#include "common/options.h"
#include "racer/locker.h"
#include "racer/server.h"
#include "racer/trial.h"

typedef struct {
  char *config;
  gboolean race, json, version, handover_version;
  char **endpoints;
} Options;

static gboolean parse_options(Options *options, int argc, char **argv, GError **error)
{
  const GOptionEntry entries[] = {
    { "config", 0, 0, G_OPTION_ARG_FILENAME, &options->config, "Read this configuration file", "FILE" },
    { "race", 0, 0, G_OPTION_ARG_NONE, &options->race, "Connect once to each endpoint and print what each took", NULL },
    { "json", 0, 0, G_OPTION_ARG_NONE, &options->json, "With --race: print JSON", NULL },
    { "version", 0, 0, G_OPTION_ARG_NONE, &options->version, "Print the version", NULL },
    { "handover-version", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_NONE, &options->handover_version, "Print which lockers it reads", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->endpoints, "Endpoints for --race", "[ENDPOINT...]" },
    { NULL },
  };

  return neo_options_parse(argc, argv, entries, "Connects each client to the endpoint that answers first. See neo-racer(8).", error);
}

static gboolean refuse(GError **error, const char *message)
{
  g_set_error_literal(error, NEO_ERROR, NEO_ERROR_USAGE, message);
  return FALSE;
}

static gboolean run_race(const Options *options, GError **error)
{
  if (!options->config == !options->endpoints)
    return refuse(error, "--race: expected either --config=FILE or endpoints");
  g_autoptr(RacerSettings) settings = options->config ? racer_settings_load(options->config, error)
                                                      : racer_settings_for_endpoints(options->endpoints, error);
  if (!settings)
    return FALSE;
  g_autoptr(GArray) trials = racer_trial_run(settings);
  g_autofree char *text = options->json ? racer_trial_json(trials) : racer_trial_table(trials);
  fputs(text, stdout);
  return TRUE;
}

static gboolean run(const Options *options, GError **error)
{
  if (options->version) {
    puts("neo-racer " NEO_VERSION);
    return TRUE;
  }
  if (options->handover_version) {
    printf("%d\n", RACER_LOCKER_VERSION);
    return TRUE;
  }
  if (options->race)
    return run_race(options, error);
  if (options->endpoints || options->json)
    return refuse(error, "endpoints and --json: expected only with --race");
  if (!options->config)
    return refuse(error, "no configuration; expected --config=FILE");
  return racer_server_run(options->config, error);
}

int main(int argc, char **argv)
{
  g_autoptr(GError) error = NULL;
  Options options = { 0 };

  neo_log_init("neo-racer");
  gboolean done = parse_options(&options, argc, argv, &error) && run(&options, &error);
  g_free(options.config);
  g_strfreev(options.endpoints);
  return done ? 0 : neo_log_failure(error);
}
