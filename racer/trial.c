/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "racer/trial.h"

#include <errno.h>
#include <gio/gio.h>
#include <poll.h>

#include "racer/socket.h"
#include "racer/srv.h"

static void trial_clear(gpointer data)
{
  RacerTrial *trial = data;

  g_clear_pointer(&trial->source, racer_endpoint_unref);
  g_free(trial->endpoint);
  g_free(trial->address);
  g_free(trial->failure);
}

static void add_trial(GArray *trials, RacerEndpoint *endpoint, const NeoAddress *address, const char *failure)
{
  RacerTrial trial = { .endpoint = g_strdup(endpoint->text), .source = racer_endpoint_ref(endpoint), .failure = g_strdup(failure), .fd = -1 };

  if (address) {
    trial.address = neo_address_to_string(address);
    trial.length = neo_address_to_sockaddr(address, endpoint->port, &trial.sockaddr);
  }
  g_array_append_val(trials, trial);
}

static void look_up_name(GArray *trials, RacerEndpoint *endpoint, const RacerSettings *settings)
{
  g_autoptr(GResolver) resolver = g_resolver_get_default();
  g_autoptr(GError) error = NULL;
  GList *answer = g_resolver_lookup_by_name(resolver, endpoint->host, NULL, &error);

  if (!answer)
    add_trial(trials, endpoint, NULL, error->message);
  for (GList *item = answer; item; item = item->next) {
    NeoAddress address;
    int family = g_inet_address_get_family(item->data) == G_SOCKET_FAMILY_IPV4 ? AF_INET : AF_INET6;
    if (racer_settings_take_family(settings, family) &&
        neo_address_from_bytes(family, g_inet_address_to_bytes(item->data), g_inet_address_get_native_size(item->data), &address))
      add_trial(trials, endpoint, &address, NULL);
  }
  g_resolver_free_addresses(answer);
}

static void look_up_service(GArray *trials, RacerEndpoint *endpoint, const RacerSettings *settings)
{
  g_autoptr(GResolver) resolver = g_resolver_get_default();
  g_autoptr(GError) error = NULL;
  GList *answer = g_resolver_lookup_records(resolver, endpoint->srv, G_RESOLVER_RECORD_SRV, NULL, &error);
  g_autoptr(GArray) records = racer_srv_read(answer);

  g_list_free_full(answer, (GDestroyNotify)g_variant_unref);
  if (records->len == 0)
    add_trial(trials, endpoint, NULL, error ? error->message : "the service is not to be had there");
  for (guint i = 0; i < records->len; i++) {
    const RacerSrv *record = &g_array_index(records, RacerSrv, i);
    g_autoptr(RacerEndpoint) child = racer_endpoint_new_child(endpoint, record->target, record->port);
    look_up_name(trials, child, settings);
  }
}

static RacerTrial *nth(const GArray *trials, guint n)
{
  return &g_array_index(trials, RacerTrial, n);
}

static void finish(RacerTrial *trial, int error, guint mptcp)
{
  trial->connect_usec = g_get_monotonic_time() - trial->started;
  trial->mptcp = !error && mptcp != RACER_MPTCP_NO && racer_socket_is_mptcp(trial->fd);
  if (error)
    trial->failure = g_strdup(g_strerror(error));
  else if (mptcp == RACER_MPTCP_REQUIRE && !trial->mptcp)
    trial->failure = g_strdup("answers without MPTCP");
  if (trial->fd >= 0)
    racer_socket_abort(trial->fd);
  trial->fd = -1;
}

static void start(RacerTrial *trial, const RacerSettings *settings)
{
  if (trial->failure)
    return;
  trial->started = g_get_monotonic_time();
  trial->fd = racer_socket_connect(&trial->sockaddr, trial->length, trial->source, &settings->sockets);
  if (trial->fd < 0)
    finish(trial, errno, settings->sockets.mptcp);
}

/* Waits for the next answers; FALSE when all have answered or the time is over. */
static gboolean take_answers(GArray *trials, const RacerSettings *settings, gint64 deadline)
{
  g_autofree struct pollfd *polls = g_new0(struct pollfd, trials->len);
  gint64 left = (deadline - g_get_monotonic_time()) / 1000;
  guint waiting = 0;

  for (guint i = 0; i < trials->len; i++) {
    polls[i] = (struct pollfd){ .fd = nth(trials, i)->fd, .events = POLLOUT };
    waiting += polls[i].fd >= 0;
  }
  if (waiting == 0 || left <= 0 || poll(polls, trials->len, left) < 0)
    return FALSE;
  for (guint i = 0; i < trials->len; i++)
    if (polls[i].revents)
      finish(nth(trials, i), racer_socket_error(polls[i].fd), settings->sockets.mptcp);
  return TRUE;
}

static void choose_winner(GArray *trials)
{
  RacerTrial *winner = NULL;

  for (guint i = 0; i < trials->len; i++)
    if (!nth(trials, i)->failure && (!winner || nth(trials, i)->connect_usec < winner->connect_usec))
      winner = nth(trials, i);
  if (winner)
    winner->winner = TRUE;
}

GArray *racer_trial_run(const RacerSettings *settings)
{
  GArray *trials = g_array_new(FALSE, FALSE, sizeof(RacerTrial));

  g_array_set_clear_func(trials, trial_clear);
  for (guint i = 0; i < settings->endpoints->len; i++) {
    RacerEndpoint *endpoint = settings->endpoints->pdata[i];
    if (endpoint->srv)
      look_up_service(trials, endpoint, settings);
    else if (endpoint->host)
      look_up_name(trials, endpoint, settings);
    else
      add_trial(trials, endpoint, &endpoint->address, NULL);
  }
  gint64 deadline = g_get_monotonic_time() + settings->connect_timeout * G_GINT64_CONSTANT(1000);
  for (guint i = 0; i < trials->len; i++)
    start(nth(trials, i), settings);
  while (take_answers(trials, settings, deadline))
    ;
  for (guint i = 0; i < trials->len; i++)
    if (nth(trials, i)->fd >= 0)
      finish(nth(trials, i), ETIMEDOUT, settings->sockets.mptcp);
  choose_winner(trials);
  return trials;
}
