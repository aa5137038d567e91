/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "racer/names.h"

#include <gio/gio.h>

/* GResolver does not tell the time to live of an answer. A minute follows a fleet's changes closely enough. */
#define REFRESH_SECONDS 60
#define RETRY_SECONDS 5

typedef struct {
  RacerNames *owner;
  RacerEndpoint *endpoint;
  GArray *addresses; /* NeoAddress; NULL: no answer yet */
  char *failure;     /* of the last look-up; NULL: none or none yet */
  guint timer;
} Name;

struct RacerNames {
  const RacerSettings *settings;
  RacerNamesChanged changed;
  gpointer data;
  GCancellable *cancellable;
  GPtrArray *names; /* one Name for each endpoint */
};

static void name_free(gpointer data)
{
  Name *name = data;

  g_clear_handle_id(&name->timer, g_source_remove);
  g_clear_pointer(&name->addresses, g_array_unref);
  g_free(name->failure);
  racer_endpoint_unref(name->endpoint);
  g_free(name);
}

static void add_name(RacerTargets *targets, const Name *name)
{
  for (guint i = 0; name->addresses && i < name->addresses->len; i++)
    racer_targets_add(targets, name->endpoint, &g_array_index(name->addresses, NeoAddress, i));
  if (name->addresses)
    return;
  if (name->failure)
    g_ptr_array_add(targets->unknown, g_strdup_printf("%s: %s", name->endpoint->text, name->failure));
  else
    targets->pending = TRUE;
}

static void publish(RacerNames *names)
{
  g_autoptr(RacerTargets) targets = racer_targets_new(names->settings);

  for (guint i = 0; i < names->names->len; i++)
    add_name(targets, names->names->pdata[i]);
  names->changed(targets, names->data);
}

static gboolean same(const GArray *a, const GArray *b)
{
  if (!a || !b || a->len != b->len)
    return a == b;
  for (guint i = 0; i < a->len; i++)
    if (!neo_address_equal(&g_array_index(a, NeoAddress, i), &g_array_index(b, NeoAddress, i)))
      return FALSE;
  return TRUE;
}

static GArray *convert(const GList *answer)
{
  GArray *addresses = g_array_new(FALSE, FALSE, sizeof(NeoAddress));

  for (; answer; answer = answer->next) {
    NeoAddress address;
    GSocketFamily family = g_inet_address_get_family(answer->data);
    if (neo_address_from_bytes(family == G_SOCKET_FAMILY_IPV4 ? AF_INET : AF_INET6, g_inet_address_to_bytes(answer->data),
                               g_inet_address_get_native_size(answer->data), &address))
      g_array_append_val(addresses, address);
  }
  return addresses;
}

static gboolean look_up(gpointer data);

/* Takes what the look-up brought; returns whether races have to learn of it. */
static gboolean take(Name *name, GList *answer, const GError *failure)
{
  gboolean first = !name->addresses && !name->failure;

  g_clear_pointer(&name->failure, g_free);
  if (failure) {
    name->failure = g_strdup(failure->message);
    return !name->addresses;
  }
  g_autoptr(GArray) addresses = convert(answer);
  if (!first && same(addresses, name->addresses))
    return FALSE;
  g_clear_pointer(&name->addresses, g_array_unref);
  name->addresses = g_steal_pointer(&addresses);
  return TRUE;
}

static void looked_up(GObject *resolver, GAsyncResult *result, gpointer data)
{
  g_autoptr(GError) error = NULL;
  GList *answer = g_resolver_lookup_by_name_finish(G_RESOLVER(resolver), result, &error);
  Name *name = data;

  if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return; /* the name is freed */
  name->timer = g_timeout_add_seconds(error ? RETRY_SECONDS : REFRESH_SECONDS, look_up, name);
  if (take(name, answer, error))
    publish(name->owner);
  g_resolver_free_addresses(answer);
}

static gboolean look_up(gpointer data)
{
  Name *name = data;
  g_autoptr(GResolver) resolver = g_resolver_get_default();

  name->timer = 0;
  g_resolver_lookup_by_name_async(resolver, name->endpoint->host, name->owner->cancellable, looked_up, name);
  return G_SOURCE_REMOVE;
}

static Name *name_new(RacerNames *owner, RacerEndpoint *endpoint)
{
  Name *name = g_new0(Name, 1);

  name->owner = owner;
  name->endpoint = racer_endpoint_ref(endpoint);
  if (endpoint->host) {
    look_up(name);
    return name;
  }
  name->addresses = g_array_new(FALSE, FALSE, sizeof(NeoAddress));
  g_array_append_val(name->addresses, endpoint->address);
  return name;
}

RacerNames *racer_names_new(const RacerSettings *settings, RacerNamesChanged changed, gpointer data)
{
  RacerNames *names = g_new0(RacerNames, 1);

  names->settings = settings;
  names->changed = changed;
  names->data = data;
  names->cancellable = g_cancellable_new();
  names->names = g_ptr_array_new_with_free_func(name_free);
  for (guint i = 0; i < settings->endpoints->len; i++)
    g_ptr_array_add(names->names, name_new(names, settings->endpoints->pdata[i]));
  publish(names);
  return names;
}

void racer_names_free(RacerNames *names)
{
  g_cancellable_cancel(names->cancellable);
  g_object_unref(names->cancellable);
  g_ptr_array_unref(names->names);
  g_free(names);
}
