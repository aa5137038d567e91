/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "racer/names.h"

#include <gio/gio.h>

#include "racer/srv.h"

#define RETRY_SECONDS 5

/*
 * One name. That of an endpoint with srv: has the names in its records as children and no addresses of its own.
 * GResolver does not tell the time to live of an answer, hence Refresh=.
 */
typedef struct {
  RacerNames *owner;
  RacerEndpoint *endpoint;
  guint priority, weight;
  GArray *addresses;   /* NeoAddress; NULL: no answer yet */
  GArray *records;     /* RacerSrv; NULL: no answer yet */
  GPtrArray *children; /* Name, one for each record */
  GCancellable *cancellable;
  char *failure;       /* of the last look-up; NULL: none or none yet */
  guint timer;
} Name;

struct RacerNames {
  const RacerSettings *settings;
  RacerNamesChanged changed;
  gpointer data;
  GPtrArray *names; /* one Name for each endpoint */
};

static void name_free(gpointer data)
{
  Name *name = data;

  g_cancellable_cancel(name->cancellable);
  g_object_unref(name->cancellable);
  g_clear_handle_id(&name->timer, g_source_remove);
  g_clear_pointer(&name->addresses, g_array_unref);
  g_clear_pointer(&name->records, g_array_unref);
  g_clear_pointer(&name->children, g_ptr_array_unref);
  g_free(name->failure);
  racer_endpoint_unref(name->endpoint);
  g_free(name);
}

static void add_unknown(RacerTargets *targets, const Name *name)
{
  if (name->failure)
    g_ptr_array_add(targets->unknown, g_strdup_printf("%s: %s", name->endpoint->text, name->failure));
  else
    targets->pending = TRUE;
}

static void add_addresses(RacerTargets *targets, const Name *name)
{
  for (guint i = 0; i < name->addresses->len; i++)
    racer_targets_add(targets, name->endpoint, &g_array_index(name->addresses, NeoAddress, i), name->priority, name->weight);
  if (name->addresses->len == 0)
    g_ptr_array_add(targets->unknown, g_strdup_printf("%s: no address of the family", name->endpoint->text));
}

static void add_name(RacerTargets *targets, const Name *name)
{
  for (guint i = 0; name->children && i < name->children->len; i++)
    add_name(targets, name->children->pdata[i]);
  if (name->children && name->children->len == 0)
    g_ptr_array_add(targets->unknown, g_strdup_printf("%s: the service is not to be had there", name->endpoint->text));
  if (name->children)
    return;
  if (name->addresses)
    add_addresses(targets, name);
  else
    add_unknown(targets, name);
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

static gboolean is_wanted(const Name *name, int family)
{
  int source = name->endpoint->bind.family;

  return racer_settings_take_family(name->owner->settings, family) && (source == AF_UNSPEC || source == family);
}

static GArray *convert(const Name *name, const GList *answer)
{
  GArray *addresses = g_array_new(FALSE, FALSE, sizeof(NeoAddress));

  for (; answer; answer = answer->next) {
    NeoAddress address;
    int family = g_inet_address_get_family(answer->data) == G_SOCKET_FAMILY_IPV4 ? AF_INET : AF_INET6;
    if (is_wanted(name, family) && neo_address_from_bytes(family, g_inet_address_to_bytes(answer->data),
                                                          g_inet_address_get_native_size(answer->data), &address))
      g_array_append_val(addresses, address);
  }
  return addresses;
}

static gboolean look_up(gpointer data);

static void look_up_later(Name *name, gboolean failed)
{
  name->timer = g_timeout_add(failed ? RETRY_SECONDS * 1000 : name->owner->settings->refresh, look_up, name);
}

/* Notes a failure; returns whether races have to learn of it. */
static gboolean fail(Name *name, const GError *failure)
{
  gboolean first = !name->failure;

  g_free(name->failure);
  name->failure = g_strdup(failure->message);
  return first && !name->addresses && !name->children;
}

/* Takes what the look-up brought; returns whether races have to learn of it. */
static gboolean take_addresses(Name *name, const GList *answer)
{
  g_autoptr(GArray) addresses = convert(name, answer);

  g_clear_pointer(&name->failure, g_free);
  if (name->addresses && same(addresses, name->addresses))
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
  look_up_later(name, error != NULL);
  if (error ? fail(name, error) : take_addresses(name, answer))
    publish(name->owner);
  g_resolver_free_addresses(answer);
}

static Name *name_new(RacerNames *owner, RacerEndpoint *endpoint, guint priority, guint weight);

/* A name that was there before keeps its addresses until it is looked up again. */
static void keep_addresses(Name *child, const GPtrArray *before)
{
  for (guint i = 0; before && i < before->len; i++) {
    const Name *old = before->pdata[i];
    if (g_str_equal(old->endpoint->text, child->endpoint->text) && old->addresses && !child->addresses)
      child->addresses = g_array_ref(old->addresses);
  }
}

static gboolean take_records(Name *name, const GList *answer)
{
  g_autoptr(GArray) records = racer_srv_read(answer);

  g_clear_pointer(&name->failure, g_free);
  if (name->records && racer_srv_equal(records, name->records))
    return FALSE;
  g_autoptr(GPtrArray) before = g_steal_pointer(&name->children);
  name->children = g_ptr_array_new_with_free_func(name_free);
  for (guint i = 0; i < records->len; i++) {
    const RacerSrv *record = &g_array_index(records, RacerSrv, i);
    g_autoptr(RacerEndpoint) endpoint = racer_endpoint_new_child(name->endpoint, record->target, record->port);
    Name *child = name_new(name->owner, endpoint, record->priority, record->weight);
    keep_addresses(child, before);
    g_ptr_array_add(name->children, child);
  }
  g_clear_pointer(&name->records, g_array_unref);
  name->records = g_steal_pointer(&records);
  return TRUE;
}

static void records_looked_up(GObject *resolver, GAsyncResult *result, gpointer data)
{
  g_autoptr(GError) error = NULL;
  GList *answer = g_resolver_lookup_records_finish(G_RESOLVER(resolver), result, &error);
  Name *name = data;

  if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  look_up_later(name, error != NULL);
  if (error ? fail(name, error) : take_records(name, answer))
    publish(name->owner);
  g_list_free_full(answer, (GDestroyNotify)g_variant_unref);
}

static gboolean look_up(gpointer data)
{
  Name *name = data;
  g_autoptr(GResolver) resolver = g_resolver_get_default();

  name->timer = 0;
  if (name->endpoint->srv)
    g_resolver_lookup_records_async(resolver, name->endpoint->srv, G_RESOLVER_RECORD_SRV, name->cancellable, records_looked_up, name);
  else
    g_resolver_lookup_by_name_async(resolver, name->endpoint->host, name->cancellable, looked_up, name);
  return G_SOURCE_REMOVE;
}

static Name *name_new(RacerNames *owner, RacerEndpoint *endpoint, guint priority, guint weight)
{
  Name *name = g_new0(Name, 1);

  name->owner = owner;
  name->endpoint = racer_endpoint_ref(endpoint);
  name->priority = priority;
  name->weight = weight;
  name->cancellable = g_cancellable_new();
  if (!endpoint->address.family) {
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
  names->names = g_ptr_array_new_with_free_func(name_free);
  for (guint i = 0; i < settings->endpoints->len; i++)
    g_ptr_array_add(names->names, name_new(names, settings->endpoints->pdata[i], 0, 1));
  publish(names);
  return names;
}

void racer_names_free(RacerNames *names)
{
  g_ptr_array_unref(names->names);
  g_free(names);
}
