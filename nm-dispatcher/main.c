/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <sysexits.h>
#include <unistd.h>

#include "common/error.h"
#include "common/log.h"
#include "nm-dispatcher/event.h"
#include "paths/engine.h"

static void log_line(GLogLevelFlags level, const char *line)
{
  g_log_structured(G_LOG_DOMAIN, level, "MESSAGE", "%s", line);
}

/* Each event tells of its own interface; all others had their say at theirs. */
static void log_complaints(const NeoEngineResult *result, const char *interface)
{
  g_autofree char *prefix = g_strconcat(interface, ":", NULL);

  for (guint i = 0; i < result->complaints->len; i++) {
    const NeoComplaint *complaint = &g_array_index(result->complaints, NeoComplaint, i);
    if (!complaint->link || g_str_has_prefix(complaint->text, prefix))
      log_line(G_LOG_LEVEL_WARNING, complaint->text);
  }
}

static int handle(const char *interface, const NeoRequest *request)
{
  NeoPathsConf conf;
  g_autoptr(NeoKernel) kernel = NULL;
  g_autoptr(GError) failures = NULL, error = NULL;

  if (!neo_paths_conf_load(NEO_CONFDIR "/paths.conf", &conf, &error))
    return neo_log_failure(error);
  kernel = neo_kernel_open(&error);
  if (!kernel)
    return neo_log_failure(error);
  g_autoptr(NeoEngineResult) result = neo_engine_run(kernel, &conf, request, FALSE, &failures, &error);
  if (!result)
    return neo_log_failure(error);
  for (guint i = 0; i < result->plan->len; i++)
    log_line(G_LOG_LEVEL_INFO, result->plan->pdata[i]);
  log_complaints(result, interface);
  return failures ? neo_log_failure(failures) : EX_OK;
}

int main(int argc, char **argv)
{
  g_autoptr(GPtrArray) complaints = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(GError) error = NULL;
  NeoRequest request;

  neo_log_init("neo-dispatcher");
  if (argc != 3) {
    g_set_error(&error, NEO_ERROR, NEO_ERROR_USAGE, "%d arguments; expected INTERFACE ACTION from NetworkManager's dispatcher", argc - 1);
    return neo_log_failure(error);
  }
  NeoEvent event = { .interface = argv[1], .action = argv[2], .environment = environ };
  if (!neo_event_request(&event, &request, complaints))
    return EX_OK;
  for (guint i = 0; i < complaints->len; i++)
    log_line(G_LOG_LEVEL_WARNING, complaints->pdata[i]);
  return handle(event.interface, &request);
}
