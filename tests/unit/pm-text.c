/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/pm-text.h"

#include <string.h>

#include "paths/pm-retry.h"

static NeoAddress make(gboolean v6, guint8 net, guint8 last)
{
  NeoAddress address = { .family = v6 ? AF_INET6 : AF_INET };

  address.bytes[0] = net;
  address.bytes[neo_address_size(&address) - 1] = last;
  return address;
}

NeoAddress pm_local(char name)
{
  return g_ascii_islower(name) ? make(FALSE, 10, name - 'a' + 1) : make(TRUE, 0xfd, name - 'A' + 1);
}

NeoAddress pm_remote(char name)
{
  return make(name >= '5', name >= '5' ? 0x20 : 192, name);
}

char pm_local_name(const NeoAddress *address)
{
  return address->bytes[neo_address_size(address) - 1] - 1 + (address->family == AF_INET ? 'a' : 'A');
}

char pm_remote_name(const NeoAddress *address)
{
  return address->bytes[neo_address_size(address) - 1];
}

static const char *text_or_empty(const char *text)
{
  return text ? text : "";
}

static void add_subflow(NeoPmConnection *connection, const char *word, guint number, char initial)
{
  NeoPmSubflow subflow = {
    .local = pm_local(word[0]), .remote = pm_remote(word[1]), .remote_port = 443,
    .local_id = word[0] == 'a' && word[1] == initial ? 0 : word[0] - 'a' + 1, .backup = strlen(word) == 3 && word[2] == 'b',
    .up = !strpbrk(word, "?!"), .since = PM_NOW - 1000 + number,
  };

  if (subflow.up)
    subflow.local_port = 1000 + number;
  if (strchr(word, '!'))
    subflow.since = PM_NOW - NEO_PM_JOIN_PATIENCE;
  g_array_append_val(connection->subflows, subflow);
}

NeoPmConnection *pm_connection(NeoPmModel *model, const PmText *text)
{
  NeoPmEvent event = {
    .kind = NEO_PM_ESTABLISHED, .token = 1, .local = pm_local('a'), .remote = pm_remote(text->remotes[0]),
    .local_port = 999, .remote_port = 443,
  };
  NeoPmConnection *connection = neo_pm_model_apply(model, &event, PM_NOW - NEO_PM_SETTLE_MAX);
  g_auto(GStrv) subflows = g_strsplit(text_or_empty(text->subflows), " ", -1), waits = g_strsplit(text_or_empty(text->waits), " ", -1);

  g_array_set_size(connection->subflows, 0);
  for (guint i = 0; subflows[i]; i++)
    add_subflow(connection, subflows[i], i, text->remotes[0]);
  for (guint i = 1; text->remotes[i]; i++) {
    NeoPmEvent announced = { .kind = NEO_PM_ANNOUNCED, .token = 1, .remote = pm_remote(text->remotes[i]), .remote_port = 443, .remote_id = i };
    neo_pm_model_apply(model, &announced, PM_NOW);
  }
  for (guint i = 0; waits[i]; i++) {
    NeoAddress local = pm_local(waits[i][0]), remote = pm_remote(waits[i][1]);
    neo_pm_connection_failed(connection, &local, &remote, PM_NOW);
  }
  return connection;
}

static void add_paths(GArray *paths, const char *names)
{
  for (guint i = 0; names[i]; i++) {
    NeoPmPath path = { pm_local(names[i]), names[i] };
    g_array_append_val(paths, path);
  }
}

NeoPmHost pm_host(const PmText *text)
{
  NeoPmHost host = {
    .paths = g_array_new(FALSE, FALSE, sizeof(NeoPmPath)), .locals = g_array_new(FALSE, FALSE, sizeof(NeoPmPath)),
    .gone = g_array_new(FALSE, FALSE, sizeof(NeoAddress)), .signals = g_array_new(FALSE, FALSE, sizeof(NeoPmRemote)),
  };
  const char *gone = text_or_empty(text->gone);

  add_paths(host.paths, text_or_empty(text->paths));
  add_paths(host.locals, text_or_empty(text->paths));
  add_paths(host.locals, text_or_empty(text->others));
  for (guint i = 0; gone[i]; i++) {
    NeoAddress address = pm_local(gone[i]);
    g_array_append_val(host.gone, address);
  }
  return host;
}

void pm_host_clear(NeoPmHost *host)
{
  g_array_unref(host->paths);
  g_array_unref(host->locals);
  g_array_unref(host->gone);
  g_array_unref(host->signals);
}
