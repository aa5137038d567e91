/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "paths/pm-filter.h"

typedef struct {
  NeoPrefix prefix;
  const char *what;
} Kind;

static const Kind nowhere[] = {
  { { { AF_INET, .bytes = { 0 } }, 8 }, "no host's (0.0.0.0/8)" },
  { { { AF_INET, .bytes = { 127 } }, 8 }, "loopback" },
  { { { AF_INET, .bytes = { 169, 254 } }, 16 }, "link-local" },
  { { { AF_INET, .bytes = { 224 } }, 4 }, "multicast" },
  { { { AF_INET, .bytes = { 240 } }, 4 }, "reserved or broadcast" },
  { { { AF_INET6, .bytes = { [15] = 1 } }, 128 }, "loopback" },
  { { { AF_INET6, .bytes = { 0 } }, 96 }, "no host's (::/96)" },
  { { { AF_INET6, .bytes = { 0xfe, 0x80 } }, 10 }, "link-local" },
  { { { AF_INET6, .bytes = { 0xff } }, 8 }, "multicast" },
};

static const Kind private[] = {
  { { { AF_INET, .bytes = { 10 } }, 8 }, "private" },
  { { { AF_INET, .bytes = { 100, 64 } }, 10 }, "private (100.64.0.0/10)" },
  { { { AF_INET, .bytes = { 172, 16 } }, 12 }, "private" },
  { { { AF_INET, .bytes = { 192, 168 } }, 16 }, "private" },
  { { { AF_INET6, .bytes = { 0xfc } }, 7 }, "private" },
  { { { AF_INET6, .bytes = { 0xfe, 0xc0 } }, 10 }, "private" },
};

static const char *find_kind(const Kind *kinds, guint n, const NeoAddress *address)
{
  for (guint i = 0; i < n; i++)
    if (neo_prefix_contains(&kinds[i].prefix, address))
      return kinds[i].what;
  return NULL;
}

static gboolean is_public(const NeoAddress *address)
{
  return !find_kind(nowhere, G_N_ELEMENTS(nowhere), address) && !find_kind(private, G_N_ELEMENTS(private), address);
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
  const char *kind = find_kind(nowhere, G_N_ELEMENTS(nowhere), &address);
  if (kind)
    return kind;
  if (neo_pm_find_path(locals, &address))
    return "this host's own";
  return is_public(&connected) ? find_kind(private, G_N_ELEMENTS(private), &address) : NULL;
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
