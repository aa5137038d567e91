/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "xtables-ext/relay-apply.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "common/error.h"
#include "common/forwarding.h"
#include "common/iptables.h"
#include "xtables-ext/relay-drain-rules.h"
#include "xtables-ext/relay-host.h"
#include "xtables-ext/relay-list.h"
#include "xtables-ext/relay-state.h"
#include "xtables-ext/relay-text.h"

/* A relay on its way into the kernel. */
typedef struct {
  const char *name;
  char *rules[NEO_IPTABLES_N]; /* NULL: not in this family */
  GArray *sysctls;             /* NeoForwardingSysctl */
  guint drain_time;        /* milliseconds */
  gboolean known, unchanged;
} Job;

static void job_free(gpointer data)
{
  Job *job = data;

  for (NeoIptables i = 0; i < NEO_IPTABLES_N; i++)
    g_free(job->rules[i]);
  g_clear_pointer(&job->sysctls, g_array_unref);
  g_free(job);
}

static void add_side(Job *job, const NeoRelayConfig *config, NeoRelaySide *side)
{
  neo_relay_side_guard(side, NEO_FORWARDING_ROOT, NEO_FORWARDING_STATE_DIR);
  job->rules[neo_iptables_of(side->family)] = neo_relay_rules(config, side);
}

static GArray *sysctls_of(const GPtrArray *sides)
{
  g_autoptr(GArray) links = g_array_new(FALSE, FALSE, sizeof(NeoForwardingLink));

  for (guint i = 0; i < sides->len; i++) {
    const NeoRelaySide *side = sides->pdata[i];
    for (guint j = 0; j < side->interfaces->len; j++) {
      NeoForwardingLink link = { side->family, side->interfaces->pdata[j] };
      g_array_append_val(links, link);
    }
  }
  return neo_forwarding_sysctls(links, NEO_FORWARDING_ROOT);
}

static Job *read_job(const NeoRelayFile *file, GError **error)
{
  g_autoptr(NeoRelayConfig) config = neo_relay_config_load(file->name, file->path, error);
  g_autoptr(GPtrArray) sides = config ? neo_relay_host_sides(config, file->path, error) : NULL;

  if (!sides)
    return NULL;
  Job *job = g_new0(Job, 1);
  job->name = file->name;
  job->sysctls = sysctls_of(sides);
  job->drain_time = config->drain_time;
  for (guint i = 0; i < sides->len; i++)
    add_side(job, config, sides->pdata[i]);
  return job;
}

/* Adds the lines of @one to those of *@all, so that a user sees all of them at once. */
static void gather(GError **all, GError *one)
{
  if (!*all) {
    *all = one;
    return;
  }
  g_autofree char *message = g_strdup_printf("%s\n%s", (*all)->message, one->message);
  g_free((*all)->message);
  (*all)->message = g_steal_pointer(&message);
  g_error_free(one);
}

static GPtrArray *read_jobs(const NeoRelayFile *files, gsize n, GError **error)
{
  g_autoptr(GPtrArray) jobs = g_ptr_array_new_with_free_func(job_free);
  GError *all = NULL;

  for (gsize i = 0; i < n; i++) {
    g_autoptr(GError) why = NULL;
    Job *job = read_job(&files[i], &why);
    if (job)
      g_ptr_array_add(jobs, job);
    else
      gather(&all, g_steal_pointer(&why));
  }
  if (!all)
    return g_steal_pointer(&jobs);
  g_propagate_error(error, all);
  return NULL;
}

static void append_sysctls(GString *text, const Job *job)
{
  for (guint i = 0; i < job->sysctls->len; i++) {
    const NeoForwardingSysctl *sysctl = &g_array_index(job->sysctls, NeoForwardingSysctl, i);
    g_string_append_printf(text, "# sysctl %s=%s\n", sysctl->key, sysctl->value);
  }
}

static char *state_of(const Job *job)
{
  GString *state = g_string_new(NULL);

  for (NeoIptables i = 0; i < NEO_IPTABLES_N; i++)
    g_string_append_printf(state, "# %s\n%s", neo_iptables_restore_name(i), job->rules[i] ? job->rules[i] : "");
  append_sysctls(state, job);
  g_string_append_printf(state, "# drain %u\n", job->drain_time);
  return g_string_free(state, FALSE);
}

static void compare_with_state(Job *job)
{
  g_autofree char *path = neo_relay_state_path(job->name), *now = state_of(job);
  g_autofree char *before = NULL;

  job->known = g_file_get_contents(path, &before, NULL, NULL);
  job->unchanged = job->known && g_str_equal(now, before);
}

/*
 * @others: relays that stay as they are. iptables-restore keeps the chains of a text in a sorted list that it walks from the start for each line:
 * when names come in descending order, it finds each at once.
 */
static char *make_text(const GPtrArray *jobs, const GPtrArray *others, NeoIptables family, const NeoIptablesSaved *saved)
{
  g_autoptr(NeoRelayText) text = neo_relay_text_new(saved);

  for (guint i = jobs->len; i > 0; i--) {
    const Job *job = jobs->pdata[i - 1];
    gboolean keep = job->unchanged && neo_relay_rules_stand(job->rules[family], job->name, saved);
    neo_relay_text_add(text, job->name, job->rules[family], keep);
  }
  for (guint i = 0; others && i < others->len; i++)
    neo_relay_text_share(text, ((const Job *)others->pdata[i])->rules[family]);
  return neo_relay_text_finish(text);
}

/* All of @names that are loaded, as they were. Those of an earlier version are left to be reloaded. */
static GPtrArray *read_loaded_jobs(const char *const *names)
{
  GPtrArray *jobs = g_ptr_array_new_with_free_func(job_free);

  for (; *names; names++) {
    g_autofree char *path = neo_relay_state_path(*names), *state = NULL;
    if (!g_file_get_contents(path, &state, NULL, NULL) || !neo_relay_state_shares(state))
      continue;
    Job *job = g_new0(Job, 1);
    *job = (Job){ .name = *names, .known = TRUE, .unchanged = TRUE };
    for (NeoIptables family = 0; family < NEO_IPTABLES_N; family++)
      job->rules[family] = neo_relay_state_rules(state, family);
    g_ptr_array_add(jobs, job);
  }
  return jobs;
}

/* The relays that are loaded and not among @jobs. */
static GPtrArray *read_others(const GPtrArray *jobs, const char *const *loaded)
{
  g_autoptr(GHashTable) mine = g_hash_table_new(g_str_hash, g_str_equal);
  g_autoptr(GPtrArray) names = g_ptr_array_new();

  for (guint i = 0; i < jobs->len; i++)
    g_hash_table_add(mine, (char *)((const Job *)jobs->pdata[i])->name);
  for (; *loaded; loaded++)
    if (!g_hash_table_contains(mine, *loaded))
      g_ptr_array_add(names, (char *)*loaded);
  g_ptr_array_add(names, NULL);
  return read_loaded_jobs((const char *const *)names->pdata);
}

static gboolean make_texts(GPtrArray *jobs, char *ret_texts[static NEO_IPTABLES_N], GError **error)
{
  g_auto(GStrv) loaded = neo_relay_list_loaded();
  g_autoptr(GPtrArray) others = read_others(jobs, (const char *const *)loaded);

  for (NeoIptables family = 0; family < NEO_IPTABLES_N; family++) {
    g_autoptr(NeoIptablesSaved) saved = neo_iptables_save(family, error);
    if (!saved)
      return FALSE;
    ret_texts[family] = make_text(jobs, others, family, saved);
  }
  return TRUE;
}

static gboolean load_jobs(GPtrArray *jobs, GError **error)
{
  char *texts[NEO_IPTABLES_N] = { NULL };
  gboolean done = make_texts(jobs, texts, error) && neo_iptables_load(texts, error);

  for (NeoIptables family = 0; family < NEO_IPTABLES_N; family++)
    g_free(texts[family]);
  return done;
}

static char *holder_of(const char *name)
{
  return g_strconcat("relay-", name, NULL);
}

static gboolean hold_sysctls(const Job *job, GError **error)
{
  g_autofree char *holder = holder_of(job->name);

  /* Another set of interfaces: let go of those that are no longer needed. */
  if (job->known && !job->unchanged && !neo_forwarding_release(holder, error))
    return FALSE;
  return neo_forwarding_hold(job->sysctls, holder, error);
}

static gboolean write_state(const Job *job, GError **error)
{
  g_autofree char *path = neo_relay_state_path(job->name), *state = state_of(job);

  return g_file_set_contents(path, state, -1, error);
}

static gboolean remove_rules(const char *const *names, gsize n, GError **error)
{
  g_autoptr(GPtrArray) jobs = g_ptr_array_new_with_free_func(job_free);
  char *texts[NEO_IPTABLES_N] = { NULL };

  for (gsize i = 0; i < n; i++) {
    Job *job = g_new0(Job, 1);
    job->name = names[i];
    g_ptr_array_add(jobs, job);
  }
  gboolean done = make_texts(jobs, texts, error) &&
                  neo_iptables_unload(texts, neo_relay_bases, NEO_RELAY_N_CHAINS, error);
  for (NeoIptables family = 0; family < NEO_IPTABLES_N; family++)
    g_free(texts[family]);
  return done;
}

static gboolean unload_locked(const char *const *names, gsize n, GError **error)
{
  gboolean done = remove_rules(names, n, error);

  for (gsize i = 0; i < n; i++) {
    g_autofree char *holder = holder_of(names[i]), *path = neo_relay_state_path(names[i]);
    done &= neo_forwarding_release(holder, done ? error : NULL);
    g_unlink(path);
  }
  return done;
}

static gboolean apply(GPtrArray *jobs, GError **error)
{
  gboolean done = load_jobs(jobs, error);

  for (guint i = 0; done && i < jobs->len; i++)
    done = hold_sysctls(jobs->pdata[i], error) && write_state(jobs->pdata[i], error);
  return done;
}

static void undo(GPtrArray *jobs)
{
  for (guint i = 0; i < jobs->len; i++) {
    const Job *job = jobs->pdata[i];
    if (!job->known)
      unload_locked(&job->name, 1, NULL);
  }
}

gboolean neo_relay_load(const NeoRelayFile *files, gsize n, GError **error)
{
  int lock = neo_relay_state_lock(error);
  if (lock < 0)
    return FALSE;

  g_autoptr(GPtrArray) jobs = read_jobs(files, n, error);
  for (guint i = 0; jobs && i < jobs->len; i++)
    compare_with_state(jobs->pdata[i]);
  gboolean done = jobs && apply(jobs, error);
  if (jobs && !done)
    undo(jobs);
  close(lock);
  return done;
}

gboolean neo_relay_unload(const char *const *names, gsize n, GError **error)
{
  int lock = neo_relay_state_lock(error);
  if (lock < 0)
    return FALSE;

  gboolean done = unload_locked(names, n, error);
  close(lock);
  return done;
}

/* A relay that is loaded, with the rules that drain it. NULL if it is not loaded, or by an earlier version. */
static Job *read_closing_job(const char *name, gboolean reset, GArray *doors)
{
  g_autofree char *path = neo_relay_state_path(name), *state = NULL;

  if (!g_file_get_contents(path, &state, NULL, NULL) || !neo_relay_state_shares(state))
    return NULL;
  Job *job = g_new0(Job, 1);
  const char *drain = strstr(state, "# drain ");
  job->name = name;
  job->drain_time = drain ? g_ascii_strtoull(drain + strlen("# drain "), NULL, 10) : 0;
  for (NeoIptables family = 0; family < NEO_IPTABLES_N; family++) {
    g_autofree char *rules = neo_relay_state_rules(state, family);
    neo_relay_doors(name, rules, doors);
    job->rules[family] = *rules ? neo_relay_drain_rules(name, rules, reset) : NULL;
  }
  return job;
}

GArray *neo_relay_close(const char *const *names, gsize n, gboolean reset, guint *ret_drain_time, GError **error)
{
  g_autoptr(GPtrArray) jobs = g_ptr_array_new_with_free_func(job_free);
  g_autoptr(GArray) doors = g_array_new(FALSE, FALSE, sizeof(NeoRelayDoor));
  guint drain_time = 0;
  int lock = neo_relay_state_lock(error);

  if (lock < 0)
    return NULL;
  for (gsize i = 0; i < n; i++) {
    Job *job = read_closing_job(names[i], reset, doors);
    if (!job)
      continue;
    drain_time = MAX(drain_time, job->drain_time);
    g_ptr_array_add(jobs, job);
  }
  gboolean done = !jobs->len || load_jobs(jobs, error);
  close(lock);
  if (!done)
    return NULL;
  *ret_drain_time = drain_time;
  return g_steal_pointer(&doors);
}

gboolean neo_relay_repair(GError **error)
{
  int lock = neo_relay_state_lock(error);
  if (lock < 0)
    return FALSE;

  g_auto(GStrv) names = neo_relay_list_loaded();
  g_autoptr(GPtrArray) jobs = read_loaded_jobs((const char *const *)names);
  gboolean done = !jobs->len || load_jobs(jobs, error);
  close(lock);
  return done;
}

char *neo_relay_dump(const NeoRelayFile *files, gsize n, GError **error)
{
  g_autoptr(GPtrArray) jobs = read_jobs(files, n, error);
  GString *out = g_string_new(NULL);

  for (NeoIptables family = 0; jobs && family < NEO_IPTABLES_N; family++) {
    g_autofree char *text = make_text(jobs, NULL, family, NULL);
    if (text)
      g_string_append_printf(out, "# %s --noflush\n%s", neo_iptables_restore_name(family), text);
  }
  for (guint i = 0; jobs && i < jobs->len; i++)
    append_sysctls(out, jobs->pdata[i]);
  return g_string_free(out, !jobs);
}
