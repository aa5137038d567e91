/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "paths/pm-silence.h"

/* A subflow with data in flight, as it was at the last look. */
typedef struct {
  guint64 cookie, acked;
  gint64 at, silent; /* microseconds; the latter without an acknowledgement */
} Before;

/* A connection as it was at the last look. */
typedef struct {
  gint token;
  guint64 una;
} Una;

static GHashTable *new_connections(void)
{
  return g_hash_table_new_full(g_int_hash, g_int_equal, NULL, g_free);
}

static GHashTable *new_subflows(void)
{
  return g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
}

NeoPmSilence *neo_pm_silence_new(void)
{
  NeoPmSilence *silence = g_new0(NeoPmSilence, 1);

  *silence = (NeoPmSilence){ new_connections(), new_subflows() };
  return silence;
}

void neo_pm_silence_free(NeoPmSilence *silence)
{
  if (!silence)
    return;
  g_hash_table_unref(silence->connections);
  g_hash_table_unref(silence->subflows);
  g_free(silence);
}

NeoPmActivity neo_pm_silence_look(NeoPmSilence *silence, const GArray *connections)
{
  g_autoptr(GHashTable) before = g_steal_pointer(&silence->connections);
  NeoPmActivity activity = NEO_PM_ALONE;

  silence->connections = new_connections();
  for (guint i = 0; i < connections->len; i++) {
    const NeoPmSocket *socket = &g_array_index(connections, NeoPmSocket, i);
    Una now = { socket->token, socket->una };
    if (socket->joins)
      activity = MAX(activity, NEO_PM_IDLE);
    if (!socket->joins || !socket->pending)
      continue;
    const Una *then = g_hash_table_lookup(before, &now.token);
    activity = MAX(activity, then && then->una == now.una ? NEO_PM_STUCK : NEO_PM_BUSY);
    Una *known = g_memdup2(&now, sizeof now);
    g_hash_table_add(silence->connections, known);
  }
  return activity;
}

static gint64 ms(guint32 milliseconds)
{
  return milliseconds * G_TIME_SPAN_MILLISECOND;
}

/*
 * For how long at least the oldest segment in flight has waited while no acknowledgement came. A retransmission counts as sent, so
 * what was known at the last look may say more than the socket does now.
 */
static gint64 silent_for(const NeoPmSocket *socket, const Before *before, gint64 now)
{
  const NeoPmSending *sending = &socket->sending;
  gint64 known = before && before->acked == sending->acked ? before->silent + now - before->at : 0;

  return MIN(ms(sending->ack_ms), MAX(ms(sending->sent_ms), known));
}

/* Whether a timeout has come, and an answer to what was sent again then is overdue. */
static gboolean was_asked_again(const NeoPmSending *sending)
{
  return sending->timeouts && ms(sending->sent_ms) > (gint64)sending->rtt_us + 4 * (gint64)sending->rttvar_us;
}

static gint64 patience(const NeoPmSending *sending)
{
  return MAX(NEO_PM_SILENT, (gint64)sending->rtt_us + 4 * (gint64)sending->rttvar_us);
}

/* How long each of @subflows is silent. */
static gint64 *measure(NeoPmSilence *silence, const GArray *subflows, gint64 now)
{
  gint64 *silent = g_new0(gint64, subflows->len);

  for (guint i = 0; i < subflows->len; i++) {
    const NeoPmSocket *socket = &g_array_index(subflows, NeoPmSocket, i);
    if (socket->subflow.up && socket->sending.unacked)
      silent[i] = silent_for(socket, g_hash_table_lookup(silence->subflows, &socket->cookie), now);
  }
  return silent;
}

static void remember(NeoPmSilence *silence, const GArray *subflows, const gint64 *silent, gint64 now)
{
  g_hash_table_remove_all(silence->subflows);
  for (guint i = 0; i < subflows->len; i++) {
    const NeoPmSocket *socket = &g_array_index(subflows, NeoPmSocket, i);
    Before before = { socket->cookie, socket->sending.acked, now, silent[i] };
    if (silent[i])
      g_hash_table_add(silence->subflows, g_memdup2(&before, sizeof before));
  }
}

/*
 * Whether @other was acknowledged after a subflow that is silent for @silent was last. Where all paths end at once the acknowledgements
 * under way still come, over the long ones later, so those of the first half round trip prove nothing.
 */
static gboolean proves(const NeoPmSocket *other, gint64 other_silent, gint64 silent)
{
  return other->subflow.up && other->sending.window >= NEO_PM_WINDOW && other_silent < patience(&other->sending) && ms(other->sending.ack_ms) + other->sending.rtt_us / 2 < silent;
}

static gboolean is_proved(const GArray *subflows, const gint64 *silent, guint index)
{
  const NeoPmSocket *socket = &g_array_index(subflows, NeoPmSocket, index);

  for (guint i = 0; i < subflows->len; i++) {
    const NeoPmSocket *other = &g_array_index(subflows, NeoPmSocket, i);
    if (i != index && other->token == socket->token && proves(other, silent[i], silent[index]))
      return TRUE;
  }
  return FALSE;
}

GArray *neo_pm_silence_judge(NeoPmSilence *silence, const GArray *subflows, gint64 now)
{
  g_autofree gint64 *silent = measure(silence, subflows, now);
  GArray *condemned = g_array_new(FALSE, FALSE, sizeof(NeoPmSocket));

  for (guint i = 0; i < subflows->len; i++) {
    const NeoPmSocket *socket = &g_array_index(subflows, NeoPmSocket, i);
    const Before *before = g_hash_table_lookup(silence->subflows, &socket->cookie);
    if (silent[i] > patience(&socket->sending) && was_asked_again(&socket->sending) && before && before->acked == socket->sending.acked && is_proved(subflows, silent, i))
      g_array_append_val(condemned, *socket);
  }
  remember(silence, subflows, silent, now);
  return condemned;
}
