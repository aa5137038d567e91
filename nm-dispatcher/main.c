/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/error.h"
#include "common/log.h"
#include "nm-dispatcher/event.h"
#include "nm-dispatcher/follow.h"
#include "paths/engine.h"
#include "paths/monitor.h"

static void log_line(GLogLevelFlags level, const char *line)
{
  g_log_structured(G_LOG_DOMAIN, level, "MESSAGE", "%s", line);
}

/* All changes of a run in one message: with many paths a message for each would take longer than the changes. */
static void log_plan(GPtrArray *plan)
{
  g_autoptr(GString) text = g_string_new(NULL);

  for (guint i = 0; i < plan->len; i++)
    g_string_append_printf(text, "%s%s", i ? "\n" : "", (const char *)plan->pdata[i]);
  if (plan->len)
    log_line(G_LOG_LEVEL_INFO, text->str);
}

/*
 * Each event tells of its own interface, and once; all others had their say at theirs. What is about no interface is told when
 * something has changed.
 */
static void log_complaints(const NeoEngineResult *result, const char *interface, GHashTable *told)
{
  g_autofree char *prefix = g_strconcat(interface, ":", NULL);

  for (guint i = 0; i < result->complaints->len; i++) {
    const NeoComplaint *complaint = &g_array_index(result->complaints, NeoComplaint, i);
    gboolean concerned = complaint->link ? g_str_has_prefix(complaint->text, prefix) : result->plan->len > 0;
    if (concerned && g_hash_table_add(told, g_strdup(complaint->text)))
      log_line(G_LOG_LEVEL_WARNING, complaint->text);
  }
}

typedef struct {
  const char *interface;
  NeoRequest request;
  NeoPathsConf conf;
  NeoKernel *kernel;
  GHashTable *told; /* complaints (char *) */
  gboolean any;     /* whether there is anything like a path */
} Run;

/* Operations that failed are logged; an error is what makes more runs useless. */
static gboolean run_engine(gpointer data, GError **error)
{
  Run *run = data;
  g_autoptr(GError) failures = NULL;
  g_autoptr(NeoEngineResult) result = neo_engine_run(run->kernel, &run->conf, &run->request, FALSE, &failures, error);

  if (!result)
    return FALSE;
  log_plan(result->plan);
  if (failures)
    neo_log_failure(failures);
  log_complaints(result, run->interface, run->told);
  run->any = result->paths || result->complaints->len;
  /* The kernel holds the mark of the first run. */
  run->request = (NeoRequest){ NEO_REQUEST_NONE };
  return TRUE;
}

/*
 * In a process of its own, as other plugins wait for the end of this one; NetworkManager-dispatcher.service lets such processes be
 * (KillMode=process).
 */
static gboolean follow_in_background(NeoNetlink *monitor, Run *run, GError **error)
{
  pid_t child = fork();

  if (child < 0)
    return neo_error_set_errno(error, errno, "fork");
  if (child > 0)
    return TRUE;
  setsid();
  return neo_follow(monitor, run_engine, run, error);
}

static gboolean handle(const NeoEvent *event, const NeoRequest *request, GError **error)
{
  g_autoptr(GHashTable) told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  Run run = { .interface = event->interface, .request = *request, .told = told };
  g_autoptr(NeoKernel) kernel = NULL;
  g_autoptr(NeoNetlink) monitor = NULL;

  if (!neo_paths_conf_load(NEO_CONFDIR "/paths.conf", &run.conf, error))
    return FALSE;
  run.kernel = kernel = neo_kernel_open(error);
  monitor = neo_monitor_open(kernel ? error : NULL);
  if (!kernel || !monitor || !run_engine(&run, error))
    return FALSE;
  return !run.any || !neo_event_is_followed(event) || follow_in_background(monitor, &run, error);
}

int main(int argc, char **argv)
{
  g_autoptr(GError) complaint = NULL, error = NULL;
  NeoRequest request;

  neo_log_init("neo-dispatcher");
  if (argc != 3) {
    g_set_error(&error, NEO_ERROR, NEO_ERROR_USAGE, "%d arguments; expected INTERFACE ACTION from NetworkManager's dispatcher", argc - 1);
    return neo_log_failure(error);
  }
  NeoEvent event = { .interface = argv[1], .action = argv[2], .profile = g_getenv("CONNECTION_FILENAME") };
  if (!neo_event_request(&event, &request, &complaint))
    return EX_OK;
  if (complaint)
    neo_log_failure(complaint);
  return handle(&event, &request, &error) ? EX_OK : neo_log_failure(error);
}
