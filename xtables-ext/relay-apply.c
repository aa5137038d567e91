/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "xtables-ext/relay-apply.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "common/error.h"
#include "common/process.h"
#include "common/sysctl.h"
#include "xtables-ext/relay-forwarding.h"
#include "xtables-ext/relay-host.h"
#include "xtables-ext/relay-tables.h"
#include "xtables-ext/relay-text.h"

#define STATE_DIR "/run/neo/relay"
#define SYSCTL_DIR "/run/neo/sysctl"

/* One per family: the programs, which PATH finds, and the seconds to wait for whoever else changes rules. */
static const struct {
  sa_family_t family;
  const char *save, *restore;
} programs[] = {
  { AF_INET, "iptables-save", "iptables-restore" },
  { AF_INET6, "ip6tables-save", "ip6tables-restore" },
};
enum { N_FAMILIES = G_N_ELEMENTS(programs) };
#define WAIT "--wait=30"

/* A relay on its way into the kernel. */
typedef struct {
  const char *name;
  char *rules[N_FAMILIES]; /* NULL: not in this family */
  GPtrArray *sysctls;      /* NeoRelaySysctl */
  gboolean known, unchanged;
} Job;

static void job_free(gpointer data)
{
  Job *job = data;

  for (guint i = 0; i < N_FAMILIES; i++)
    g_free(job->rules[i]);
  g_clear_pointer(&job->sysctls, g_ptr_array_unref);
  g_free(job);
}

static char *state_path(const char *name)
{
  return g_build_filename(STATE_DIR, name, NULL);
}

/* The directory is locked as long as the descriptor is open. */
static int lock_state(GError **error)
{
  if (g_mkdir_with_parents(STATE_DIR, 0755) < 0) {
    neo_error_set_errno(error, errno, "%s", STATE_DIR);
    return -1;
  }
  int fd = open(STATE_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0 || flock(fd, LOCK_EX) < 0) {
    neo_error_set_errno(error, errno, "%s: lock", STATE_DIR);
    if (fd >= 0)
      close(fd);
    return -1;
  }
  return fd;
}

static guint family_index(sa_family_t family)
{
  return family == programs[0].family ? 0 : 1;
}

static void add_side(Job *job, const NeoRelayConfig *config, NeoRelaySide *side)
{
  g_autoptr(NeoRelayForwarding) forwarding = neo_relay_forwarding_read(side, SYSCTL_DIR);

  neo_relay_forwarding_sysctls(side, forwarding, job->sysctls);
  neo_relay_forwarding_guard(side, forwarding);
  job->rules[family_index(side->family)] = neo_relay_rules(config, side);
}

static Job *read_job(const NeoRelayFile *file, GError **error)
{
  g_autoptr(NeoRelayConfig) config = neo_relay_config_load(file->name, file->path, error);
  g_autoptr(GPtrArray) sides = config ? neo_relay_host_sides(config, file->path, error) : NULL;

  if (!sides)
    return NULL;
  Job *job = g_new0(Job, 1);
  job->name = file->name;
  job->sysctls = neo_relay_sysctls_new();
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

static char *state_of(const Job *job)
{
  GString *state = g_string_new(NULL);

  for (guint i = 0; i < N_FAMILIES; i++)
    g_string_append_printf(state, "# %s\n%s", programs[i].restore, job->rules[i] ? job->rules[i] : "");
  for (guint i = 0; i < job->sysctls->len; i++) {
    const NeoRelaySysctl *sysctl = job->sysctls->pdata[i];
    g_string_append_printf(state, "# sysctl %s=%s\n", sysctl->key, sysctl->value);
  }
  return g_string_free(state, FALSE);
}

static void compare_with_state(Job *job)
{
  g_autofree char *path = state_path(job->name), *now = state_of(job);
  g_autofree char *before = NULL;

  job->known = g_file_get_contents(path, &before, NULL, NULL);
  job->unchanged = job->known && g_str_equal(now, before);
}

static NeoRelaySaved *read_saved(guint family, GError **error)
{
  const char *argv[] = { programs[family].save, NULL };
  g_autofree char *text = NULL;

  return neo_process_run(argv, NULL, &text, error) ? neo_relay_saved_parse(text) : NULL;
}

static gboolean restore(guint family, const char *text, gboolean only_test, GError **error)
{
  const char *argv[] = { programs[family].restore, WAIT, "--noflush", only_test ? "--test" : NULL, NULL };

  return neo_process_run(argv, text, NULL, error);
}

static char *make_text(GPtrArray *jobs, guint family, const NeoRelaySaved *saved)
{
  g_autoptr(NeoRelayText) text = neo_relay_text_new();

  for (guint i = 0; i < jobs->len; i++) {
    const Job *job = jobs->pdata[i];
    gboolean keep = job->unchanged && neo_relay_rules_stand(job->rules[family], job->name, saved);
    neo_relay_text_add(text, job->name, job->rules[family], keep, saved);
  }
  return neo_relay_text_finish(text);
}

static gboolean make_texts(GPtrArray *jobs, char *ret_texts[static N_FAMILIES], GError **error)
{
  for (guint family = 0; family < N_FAMILIES; family++) {
    g_autoptr(NeoRelaySaved) saved = read_saved(family, error);
    if (!saved)
      return FALSE;
    ret_texts[family] = make_text(jobs, family, saved);
  }
  return TRUE;
}

/* Both families are tried before either is changed. */
static gboolean restore_all(char *const texts[static N_FAMILIES], GError **error)
{
  for (int only_test = 1; only_test >= 0; only_test--)
    for (guint family = 0; family < N_FAMILIES; family++)
      if (texts[family] && !restore(family, texts[family], only_test, error))
        return FALSE;
  return TRUE;
}

static char *holder_of(const char *name)
{
  return g_strconcat("relay-", name, NULL);
}

static gboolean hold_sysctls(const Job *job, GError **error)
{
  g_autofree char *holder = holder_of(job->name);

  /* Another set of interfaces: let go of those that are no longer needed. */
  if (job->known && !job->unchanged && !neo_sysctl_release(SYSCTL_DIR, holder, error))
    return FALSE;
  for (guint i = 0; i < job->sysctls->len; i++) {
    const NeoRelaySysctl *sysctl = job->sysctls->pdata[i];
    if (!neo_sysctl_hold(SYSCTL_DIR, sysctl->key, sysctl->value, holder, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean write_state(const Job *job, GError **error)
{
  g_autofree char *path = state_path(job->name), *state = state_of(job);

  return g_file_set_contents(path, state, -1, error);
}

/* Apart from what must succeed: somebody may add to these chains at the same time, and then they stay. */
static void tidy(guint family)
{
  g_autoptr(NeoRelaySaved) saved = read_saved(family, NULL);
  g_autoptr(NeoRelayText) text = neo_relay_text_new();

  if (!saved)
    return;
  neo_relay_text_tidy(text, saved);
  g_autofree char *lines = neo_relay_text_finish(text);
  if (lines && restore(family, lines, FALSE, NULL))
    neo_relay_tables_delete_empty(programs[family].family);
}

static gboolean remove_rules(const char *const *names, gsize n, GError **error)
{
  g_autoptr(GPtrArray) jobs = g_ptr_array_new_with_free_func(job_free);
  char *texts[N_FAMILIES] = { NULL };

  for (gsize i = 0; i < n; i++) {
    Job *job = g_new0(Job, 1);
    job->name = names[i];
    g_ptr_array_add(jobs, job);
  }
  gboolean done = make_texts(jobs, texts, error) && restore_all(texts, error);
  for (guint family = 0; family < N_FAMILIES; family++) {
    if (done && texts[family])
      tidy(family);
    g_free(texts[family]);
  }
  return done;
}

static gboolean unload_locked(const char *const *names, gsize n, GError **error)
{
  gboolean done = remove_rules(names, n, error);

  for (gsize i = 0; i < n; i++) {
    g_autofree char *holder = holder_of(names[i]), *path = state_path(names[i]);
    done &= neo_sysctl_release(SYSCTL_DIR, holder, done ? error : NULL);
    g_unlink(path);
  }
  return done;
}

static gboolean apply(GPtrArray *jobs, GError **error)
{
  char *texts[N_FAMILIES] = { NULL };
  gboolean done = make_texts(jobs, texts, error) && restore_all(texts, error);

  for (guint i = 0; done && i < jobs->len; i++)
    done = hold_sysctls(jobs->pdata[i], error) && write_state(jobs->pdata[i], error);
  for (guint family = 0; family < N_FAMILIES; family++)
    g_free(texts[family]);
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
  int lock = lock_state(error);
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
  int lock = lock_state(error);
  if (lock < 0)
    return FALSE;

  gboolean done = unload_locked(names, n, error);
  close(lock);
  return done;
}

char *neo_relay_dump(const NeoRelayFile *files, gsize n, GError **error)
{
  g_autoptr(GPtrArray) jobs = read_jobs(files, n, error);
  GString *out = g_string_new(NULL);

  for (guint family = 0; jobs && family < N_FAMILIES; family++) {
    g_autofree char *text = make_text(jobs, family, NULL);
    if (text)
      g_string_append_printf(out, "# %s --noflush\n%s", programs[family].restore, text);
  }
  for (guint i = 0; jobs && i < jobs->len; i++)
    for (guint j = 0; j < ((Job *)jobs->pdata[i])->sysctls->len; j++) {
      const NeoRelaySysctl *sysctl = ((Job *)jobs->pdata[i])->sysctls->pdata[j];
      g_string_append_printf(out, "# sysctl %s=%s\n", sysctl->key, sysctl->value);
    }
  return g_string_free(out, !jobs);
}
