/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "paths/pm-pairing.h"

#include "paths/pm-retry.h"

#define NOWHERE (-1)

/* A path and where it leads; the initial subflow does not move. */
typedef struct {
  NeoPmPath path;
  int remote;
  gboolean fixed;
} Place;

typedef struct {
  const NeoPmConnection *connection;
  NeoPmPairing pairing;
  gint64 now;
  GArray *places; /* Place */
  guint *counts;  /* places per remote */
  gboolean any_overdue;
} Work;

static const NeoPmRemote *get_remote(const Work *work, int index)
{
  return &g_array_index(work->connection->remotes, NeoPmRemote, index);
}

static Place *get_place(const Work *work, guint index)
{
  return &g_array_index(work->places, Place, index);
}

/* Whether @place may lead to the remote at @index at all. */
static gboolean is_fit(const Work *work, const Place *place, int index)
{
  const NeoPmRemote *remote = get_remote(work, index);

  if (remote->withdrawn || remote->address.family != place->path.address.family)
    return FALSE;
  return index > 0 || !work->connection->deny_initial || remote->alias;
}

/* Whether a join from @place to the remote at @index may be asked for now. */
static gboolean is_open(const Work *work, const Place *place, int index)
{
  return is_fit(work, place, index) &&
         !neo_pm_connection_waits(work->connection, &place->path.address, &get_remote(work, index)->address, work->now);
}

/* A join that gets no answer counts no longer; the kernel goes on with it and may yet be surprised. */
static gboolean is_overdue(const Work *work, const NeoPmSubflow *subflow)
{
  return !subflow->up && work->now - subflow->since >= NEO_PM_JOIN_PATIENCE;
}

static gboolean is_initial(const Work *work, const NeoPmSubflow *subflow)
{
  return subflow->up && subflow->local_id == 0 && neo_address_equal(&subflow->local, &work->connection->local) &&
         neo_pm_subflow_leads_to(subflow, get_remote(work, 0));
}

static gboolean has_overdue(const Work *work, const Place *place, int index)
{
  if (!work->any_overdue)
    return FALSE;
  for (guint i = 0; i < work->connection->subflows->len; i++) {
    const NeoPmSubflow *subflow = &g_array_index(work->connection->subflows, NeoPmSubflow, i);
    if (neo_address_equal(&subflow->local, &place->path.address) && neo_pm_subflow_leads_to(subflow, get_remote(work, index)) &&
        is_overdue(work, subflow))
      return TRUE;
  }
  return FALSE;
}

static int find_remote(const Work *work, const NeoPmSubflow *subflow)
{
  for (guint i = 0; i < work->connection->remotes->len; i++)
    if (neo_pm_subflow_leads_to(subflow, get_remote(work, i)))
      return i;
  return NOWHERE;
}

static void lead(Work *work, Place *place, int remote)
{
  if (place->remote != NOWHERE)
    work->counts[place->remote]--;
  place->remote = remote;
  if (remote != NOWHERE)
    work->counts[remote]++;
}

/* Where the path leads already. The newest subflow is the one that was meant last. */
static void keep(Work *work, Place *place)
{
  const NeoPmSubflow *newest = NULL;

  for (guint i = 0; i < work->connection->subflows->len; i++) {
    const NeoPmSubflow *subflow = &g_array_index(work->connection->subflows, NeoPmSubflow, i);
    int remote = find_remote(work, subflow);
    if (!neo_address_equal(&subflow->local, &place->path.address) || remote == NOWHERE || subflow->backup || subflow->health.parked)
      continue;
    if (is_initial(work, subflow) && !get_remote(work, 0)->withdrawn) {
      lead(work, place, 0);
      place->fixed = TRUE;
      return;
    }
    if (is_overdue(work, subflow) || !(subflow->up ? is_fit : is_open)(work, place, remote) || (newest && newest->since >= subflow->since))
      continue;
    newest = subflow;
    lead(work, place, remote);
  }
}

/* The remote that @place should lead to: the one with the fewest places, or the first, of those that it may. */
static int choose(const Work *work, const Place *place)
{
  int best = NOWHERE;

  for (guint i = 0; i < work->connection->remotes->len; i++) {
    if (!is_open(work, place, i) || has_overdue(work, place, i))
      continue;
    if (work->pairing == NEO_PM_DIRECT)
      return i;
    if (best == NOWHERE || work->counts[i] < work->counts[best])
      best = i;
  }
  return best;
}

static gboolean is_better(const Work *work, int remote, int than)
{
  return work->pairing == NEO_PM_DIRECT ? remote < than : work->counts[remote] + 2 <= work->counts[than];
}

/* Moves one place to a better remote. */
static gboolean balance(Work *work)
{
  for (guint i = work->places->len; i-- > 0;) {
    Place *place = get_place(work, i);
    if (place->fixed || place->remote == NOWHERE)
      continue;
    int better = choose(work, place);
    if (better != NOWHERE && is_better(work, better, place->remote)) {
      lead(work, place, better);
      return TRUE;
    }
  }
  return FALSE;
}

static void add_place(Work *work, const NeoPmPath *path)
{
  Place place = { .path = *path, .remote = NOWHERE };

  for (guint i = 0; i < work->places->len; i++)
    if (neo_address_equal(&get_place(work, i)->path.address, &path->address))
      return;
  g_array_append_val(work->places, place);
}

const NeoPmPath *neo_pm_find_path(const GArray *paths, const NeoAddress *address)
{
  for (guint i = 0; i < paths->len; i++)
    if (neo_address_equal(&g_array_index(paths, NeoPmPath, i).address, address))
      return &g_array_index(paths, NeoPmPath, i);
  return NULL;
}

/* The address of the initial subflow, be it a path's or not, and then the paths. */
static GArray *make_places(Work *work, const NeoPmHost *host)
{
  const NeoPmPath *path = neo_pm_find_path(host->paths, &work->connection->local);
  NeoPmPath unbound = { work->connection->local, 0 };

  work->places = g_array_new(FALSE, FALSE, sizeof(Place));
  if (path || neo_pm_find_path(host->locals, &unbound.address))
    add_place(work, path ? path : &unbound);
  for (guint i = 0; i < host->paths->len; i++)
    add_place(work, &g_array_index(host->paths, NeoPmPath, i));
  return work->places;
}

static void add_pair(const Work *work, GArray *pairs, const Place *place, int remote, gboolean backup)
{
  NeoPmPair pair = { place->path, *get_remote(work, remote), backup };
  g_array_append_val(pairs, pair);
}

/* The path whose backup subflow leads to @remote already, or else the next one in turn that may. */
static const Place *find_backup(const Work *work, int remote, guint turn)
{
  const Place *next = NULL;

  for (guint i = 0; i < work->places->len; i++) {
    const Place *place = get_place(work, (turn + i) % work->places->len);
    if (!is_open(work, place, remote) || has_overdue(work, place, remote))
      continue;
    if (!next)
      next = place;
    for (guint k = 0; k < work->connection->subflows->len; k++) {
      const NeoPmSubflow *subflow = &g_array_index(work->connection->subflows, NeoPmSubflow, k);
      if (subflow->backup && neo_address_equal(&subflow->local, &place->path.address) && find_remote(work, subflow) == remote)
        return place;
    }
  }
  return next;
}

static void add_backups(const Work *work, GArray *pairs, guint max)
{
  guint turn = 0;

  /* When spread over no more remotes than there are paths, one without any is one that does not answer. */
  if (work->pairing == NEO_PM_SPREAD && work->places->len >= work->connection->remotes->len)
    return;
  for (guint i = 0; i < work->connection->remotes->len && pairs->len < max; i++) {
    const Place *place = work->counts[i] ? NULL : find_backup(work, i, turn);
    if (place) {
      add_pair(work, pairs, place, i, TRUE);
      turn++;
    }
  }
}

static void spread(Work *work, GArray *pairs, guint max)
{
  for (guint i = 0; i < work->places->len; i++)
    if (get_place(work, i)->remote == NOWHERE)
      lead(work, get_place(work, i), choose(work, get_place(work, i)));
  /* Each turn makes the differences smaller, so it ends; the bound is for the reader. */
  for (guint i = 0; i < work->places->len && balance(work); i++)
    ;
  for (guint i = 0; i < work->places->len && pairs->len < max; i++)
    if (get_place(work, i)->remote != NOWHERE)
      add_pair(work, pairs, get_place(work, i), get_place(work, i)->remote, FALSE);
  add_backups(work, pairs, max);
}

/* All paths to the initial address, then all to the next remote: each path is used before one is used twice. */
static void mesh(Work *work, GArray *pairs, guint max)
{
  for (guint remote = 0; remote < work->connection->remotes->len; remote++)
    for (guint i = 0; i < work->places->len && pairs->len < max; i++) {
      const Place *place = get_place(work, i);
      if ((remote == 0 && place->fixed) || is_open(work, place, remote))
        add_pair(work, pairs, place, remote, FALSE);
    }
}

GArray *neo_pm_pair(const NeoPmConnection *connection, const NeoPmHost *host, const NeoPmSettings *settings, gint64 now)
{
  g_autofree guint *counts = g_new0(guint, connection->remotes->len);
  Work work = { .connection = connection, .pairing = settings->pairing, .now = now, .counts = counts };
  g_autoptr(GArray) places = make_places(&work, host);
  GArray *pairs = g_array_new(FALSE, FALSE, sizeof(NeoPmPair));

  for (guint i = 0; i < connection->subflows->len; i++)
    work.any_overdue |= is_overdue(&work, &g_array_index(connection->subflows, NeoPmSubflow, i));
  for (guint i = 0; i < places->len; i++)
    keep(&work, get_place(&work, i));
  if (settings->pairing == NEO_PM_FULLMESH)
    mesh(&work, pairs, settings->max_subflows);
  else
    spread(&work, pairs, settings->max_subflows);
  return pairs;
}
