/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "paths/engine.h"

#include <unistd.h>

#include "paths/apply.h"
#include "paths/observe.h"
#include "paths/plan.h"
#include "paths/turn.h"

void neo_engine_result_free(NeoEngineResult *result)
{
  if (!result)
    return;
  g_ptr_array_unref(result->plan);
  g_array_unref(result->complaints);
  neo_observed_free(result->seen);
  g_array_unref(result->found);
  g_free(result);
}

static guint count_interfaces(const GArray *paths)
{
  g_autoptr(GHashTable) links = g_hash_table_new(NULL, NULL);

  for (guint i = 0; i < paths->len; i++)
    g_hash_table_add(links, GINT_TO_POINTER(g_array_index(paths, NeoPath, i).link));
  return g_hash_table_size(links);
}

static guint count_rules(const GArray *rules, guint32 priority)
{
  guint count = 0;

  for (guint i = 0; i < rules->len; i++)
    count += g_array_index(rules, NeoRule, i).priority == priority;
  return count;
}

static NeoEngineResult *summarize(NeoDesired *desired, const GArray *plan)
{
  NeoEngineResult *result = g_new0(NeoEngineResult, 1);
  guint foreign = count_rules(desired->rules, NEO_RULE_FROM_FOREIGN);

  result->plan = g_ptr_array_new_with_free_func(g_free);
  for (guint i = 0; i < plan->len; i++)
    g_ptr_array_add(result->plan, neo_operation_to_string(&g_array_index(plan, NeoOperation, i)));
  result->complaints = g_array_ref(desired->complaints);
  result->found = g_array_ref(desired->paths);
  result->paths = count_interfaces(desired->paths);
  result->addresses = count_rules(desired->rules, NEO_RULE_FROM) + foreign;
  result->endpoints = desired->endpoints->len + foreign;
  return result;
}

static NeoEngineResult *run_locked(NeoKernel *kernel, const NeoPathsConf *conf, const NeoRequest *request, gboolean dry_run,
                                   GError **ret_failures, GError **error)
{
  g_autoptr(NeoObserved) seen = neo_observe(kernel, &conf->tables, error);
  if (!seen)
    return NULL;

  g_autoptr(NeoDesired) desired = neo_desire(seen, conf, request);
  g_autoptr(GArray) plan = neo_plan(seen, desired);
  if (!dry_run)
    neo_apply(kernel, plan, ret_failures);
  NeoEngineResult *result = summarize(desired, plan);
  result->seen = g_steal_pointer(&seen);
  return result;
}

NeoEngineResult *neo_engine_run(NeoKernel *kernel, const NeoPathsConf *conf, const NeoRequest *request, gboolean dry_run,
                                GError **ret_failures, GError **error)
{
  if (dry_run)
    return run_locked(kernel, conf, request, TRUE, NULL, error);
  int fd = neo_run_lock(error);
  if (fd < 0)
    return NULL;
  NeoEngineResult *result = run_locked(kernel, conf, request, FALSE, ret_failures, error);
  close(fd);
  return result;
}
