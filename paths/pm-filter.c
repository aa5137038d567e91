/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "paths/pm-filter.h"

#include "paths/kinds.h"

static gboolean is_public(const NeoAddress *address)
{
  return !neo_address_nowhere(address) && !neo_address_private(address);
}

const char *neo_pm_refuse_address(const NeoAddress *announced, const NeoAddress *initial, const GArray *locals)
{
  NeoAddress address, connected;

  if (!neo_address_unmap(announced->bytes, neo_address_size(announced), &address) ||
      !neo_address_unmap(initial->bytes, neo_address_size(initial), &connected))
    return "none";
  /* What was connected to is an address that the user asked for, whatever it is. */
  if (neo_address_equal(&address, &connected))
    return NULL;
  const char *kind = neo_address_nowhere(&address);
  if (kind)
    return kind;
  if (neo_pm_find_path(locals, &address))
    return "this host's own";
  return is_public(&connected) ? neo_address_private(&address) : NULL;
}

/* One that takes the place of another is not one more. */
static gboolean is_one_more(const NeoPmConnection *connection, const NeoPmEvent *event)
{
  for (guint i = 0; i < connection->remotes->len; i++) {
    const NeoPmRemote *known = &g_array_index(connection->remotes, NeoPmRemote, i);
    if ((i > 0 && known->id == event->remote_id) || (known->port == event->remote_port && neo_address_equal(&known->address, &event->remote)))
      return FALSE;
  }
  return TRUE;
}

static const char *refuse(const NeoPmConnection *connection, const NeoPmHost *host, const NeoPmEvent *event)
{
  const NeoPmRemote *initial = &g_array_index(connection->remotes, NeoPmRemote, 0);
  const char *why = neo_pm_refuse_address(&event->remote, &initial->address, host->locals);

  if (!why && connection->remotes->len > NEO_PM_MAX_ANNOUNCED && is_one_more(connection, event))
    why = "one more than 64";
  return why;
}

G_STATIC_ASSERT(NEO_PM_MAX_ANNOUNCED == 64);

NeoPmConnection *neo_pm_filter_apply(NeoPmModel *model, const NeoPmHost *host, const NeoPmEvent *event, gint64 now, const char **ret_refused)
{
  NeoPmConnection *connection = event->kind == NEO_PM_ANNOUNCED ? neo_pm_model_find(model, event->token) : NULL;
  const char *why = connection ? refuse(connection, host, event) : NULL;

  if (!why)
    return neo_pm_model_apply(model, event, now);
  *ret_refused = why;
  return connection;
}
