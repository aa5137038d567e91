/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <libmnl/libmnl.h>
#include <string.h>

#include "paths/pm-diag.h"
#include "paths/pm-filter.h"
#include "paths/pm-plan.h"
#include "tests/fuzz/fuzz.h"

/*
 * An input is a series of messages: a byte that says of which kind (0-253: an event, 254: the dump of a connection, 255: the
 * dump of a subflow), a byte with the length of the payload, the payload. Events are applied to a model as they come.
 */
enum { KIND_CONNECTION = 254, KIND_SUBFLOW = 255, MAX_MESSAGES = 16 };

static NeoPmHost make_host(void)
{
  NeoPmHost host = {
    .paths = g_array_new(FALSE, FALSE, sizeof(NeoPmPath)), .locals = g_array_new(FALSE, FALSE, sizeof(NeoPmPath)),
    .gone = g_array_new(FALSE, FALSE, sizeof(NeoAddress)), .signals = g_array_new(FALSE, FALSE, sizeof(NeoPmRemote)),
  };
  static const char *const paths[] = { "10.0.0.2", "10.0.0.3", "2001:db8::3" };
  NeoAddress gone;

  for (guint i = 0; i < G_N_ELEMENTS(paths); i++) {
    NeoPmPath path = { .link = i + 1 };
    g_assert_true(neo_address_parse(paths[i], &path.address));
    g_array_append_val(host.paths, path);
    g_array_append_val(host.locals, path);
  }
  g_assert_true(neo_address_parse("10.0.0.4", &gone));
  g_array_append_val(host.gone, gone);
  return host;
}

static void free_host(NeoPmHost *host)
{
  g_array_unref(host->paths);
  g_array_unref(host->locals);
  g_array_unref(host->gone);
  g_array_unref(host->signals);
}

/* A path carries one subflow, a plan joins over what is there, and nothing is closed twice. */
static void check_plan(const NeoPmConnection *connection, const NeoPmHost *host)
{
  NeoPmSettings settings = { NEO_PM_SPREAD, 3 };
  g_autoptr(GArray) pairs = neo_pm_pair(connection, host, &settings, 0), steps = neo_pm_plan(connection, host, &settings, 0);

  g_assert_cmpuint(pairs->len, <=, 3);
  g_assert_cmpuint(steps->len, <=, 2 * connection->subflows->len + 3);
  g_assert_cmpuint(connection->remotes->len, >=, 1);
  g_assert_cmpuint(connection->remotes->len, <=, 1 + NEO_PM_MAX_ANNOUNCED);
}

static void take_event(NeoPmModel *model, const NeoPmHost *host, const struct nlmsghdr *message)
{
  const char *refused = NULL;
  NeoPmEvent event;

  if (!neo_pm_parse_event(message, &event))
    return;
  const NeoPmConnection *connection = neo_pm_filter_apply(model, host, &event, 0, &refused);
  g_assert_true(!refused || (connection && event.kind == NEO_PM_ANNOUNCED));
  if (connection)
    check_plan(connection, host);
}

/* The message in memory of just its size, as the sanitizers need it. */
static struct nlmsghdr *make_message(const uint8_t *payload, size_t size)
{
  struct nlmsghdr *message = g_malloc0(NLMSG_ALIGN(sizeof *message + size));

  message->nlmsg_len = sizeof *message + size;
  memcpy(mnl_nlmsg_get_payload(message), payload, size);
  return message;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  g_autoptr(NeoPmModel) model = neo_pm_model_new();
  g_autoptr(GArray) sockets = g_array_new(FALSE, FALSE, sizeof(NeoPmSocket));
  NeoPmHost host = make_host();

  for (guint i = 0; i < MAX_MESSAGES && size >= 2 && (size_t)data[1] + 2 <= size; i++) {
    g_autofree struct nlmsghdr *message = make_message(data + 2, data[1]);
    NeoPmSocket socket;
    if (data[0] == KIND_CONNECTION ? neo_pm_parse_connection(message, &socket) : data[0] == KIND_SUBFLOW && neo_pm_parse_subflow(message, &socket))
      g_array_append_val(sockets, socket);
    else if (data[0] < KIND_CONNECTION)
      take_event(model, &host, message);
    size -= 2 + data[1];
    data += 2 + data[1];
  }
  neo_pm_model_learn(model, sockets, 0);
  free_host(&host);
  return 0;
}
