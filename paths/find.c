/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <linux/rtnetlink.h>

#include "paths/desire.h"

static gboolean in_range(const NeoTables *tables, guint32 table)
{
  return table >= tables->first && table <= tables->last;
}

static const char *link_name(const NeoObserved *seen, int index)
{
  const NeoLink *link = neo_observed_link(seen, index);
  return link ? link->name : "?";
}

/* Lowest table first, and in it the route that the kernel takes. */
static int compare_paths(gconstpointer a, gconstpointer b)
{
  const NeoPath *x = a, *y = b;

  if (x->family != y->family)
    return x->family < y->family ? -1 : 1;
  if (x->table != y->table)
    return x->table < y->table ? -1 : 1;
  if (x->metric != y->metric)
    return x->metric < y->metric ? -1 : 1;
  return (x->link > y->link) - (x->link < y->link);
}

static GArray *default_routes(const NeoObserved *seen, const NeoTables *tables)
{
  GArray *found = g_array_new(FALSE, FALSE, sizeof(NeoPath));

  for (guint i = 0; i < seen->routes->len; i++) {
    const NeoRoute *route = &g_array_index(seen->routes, NeoRoute, i);
    NeoPath path = { route->family, route->link, route->table, route->metric };
    if (route->is_default && in_range(tables, route->table) && neo_observed_link(seen, route->link))
      g_array_append_val(found, path);
  }
  g_array_sort(found, compare_paths);
  return found;
}

static const char *family_name(sa_family_t family)
{
  return family == AF_INET ? "IPv4" : "IPv6";
}

/* Whether @path may stand beside the @paths before it; complains if not. */
static gboolean fits(const NeoObserved *seen, const GArray *paths, const NeoPath *path, GArray *complaints)
{
  for (guint i = 0; i < paths->len; i++) {
    const NeoPath *other = &g_array_index(paths, NeoPath, i);
    if (other->family != path->family)
      continue;
    if (other->link == path->link && other->table == path->table)
      return FALSE;
    if (other->table == path->table) {
      neo_complain(complaints, path->link, "%s: its %s default route is in table %u, which is the table of %s; expected a table of its own",
                   link_name(seen, path->link), family_name(path->family), path->table, link_name(seen, other->link));
      return FALSE;
    }
    if (other->link == path->link) {
      neo_complain(complaints, path->link, "%s: %s default routes in tables %u and %u; expected one table, %u is used",
                   link_name(seen, path->link), family_name(path->family), other->table, path->table, other->table);
      return FALSE;
    }
  }
  return TRUE;
}

static gboolean has_default(const GArray *candidates, const NeoRoute *route)
{
  for (guint i = 0; i < candidates->len; i++) {
    const NeoPath *path = &g_array_index(candidates, NeoPath, i);
    if (path->family == route->family && path->table == route->table)
      return TRUE;
  }
  return FALSE;
}

/* A route behind another one of the same table and family has been dealt with. */
static gboolean table_seen_before(const NeoObserved *seen, guint position)
{
  const NeoRoute *route = &g_array_index(seen->routes, NeoRoute, position);

  for (guint i = 0; i < position; i++) {
    const NeoRoute *other = &g_array_index(seen->routes, NeoRoute, i);
    if (other->family == route->family && other->table == route->table)
      return TRUE;
  }
  return FALSE;
}

static void complain_of_route(const NeoObserved *seen, const NeoTables *tables, const GArray *candidates, guint position, GArray *complaints)
{
  const NeoRoute *route = &g_array_index(seen->routes, NeoRoute, position);
  const NeoLink *link = neo_observed_link(seen, route->link);

  if (!link || table_seen_before(seen, position))
    return;
  if (in_range(tables, route->table) && !has_default(candidates, route))
    neo_complain(complaints, route->link, "%s: %s table %u has no default route; expected one through a gateway, so this is no path",
                 link->name, family_name(route->family), route->table);
  if (!in_range(tables, route->table) && route->is_default && link->macvlan && route->table != RT_TABLE_MAIN)
    neo_complain(complaints, route->link, "%s: table %u is outside Tables=%u-%u; expected a table of that range if this is to be a path",
                 link->name, route->table, tables->first, tables->last);
}

GArray *neo_find_paths(const NeoObserved *seen, const NeoTables *tables, GArray *complaints)
{
  g_autoptr(GArray) candidates = default_routes(seen, tables);
  GArray *paths = g_array_new(FALSE, FALSE, sizeof(NeoPath));

  for (guint i = 0; i < candidates->len; i++) {
    const NeoPath *path = &g_array_index(candidates, NeoPath, i);
    if (fits(seen, paths, path, complaints))
      g_array_append_val(paths, *path);
  }
  for (guint i = 0; i < seen->routes->len; i++)
    complain_of_route(seen, tables, candidates, i, complaints);
  return paths;
}
