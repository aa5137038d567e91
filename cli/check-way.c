/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/check-way.h"

#include <poll.h>
#include <unistd.h>

#include "cli/check-segment.h"

enum { JOIN_MS = 1000, HOP_MS = 400, TRIES = 2, MAX_HOPS = 30, MAX_MUTE = 4, USUAL_TTL = 64, PACKET_MAX = 2048, SUBTYPE_JOIN = 1, SUBTYPE_RESET = 8 };

typedef struct {
  int tcp, icmp;
  int holder; /* a socket that has the port, so that nobody else gets it */
  NeoCheckSyn syn;
} Sender;

static void sender_clear(Sender *sender)
{
  const int fds[] = { sender->tcp, sender->icmp, sender->holder };

  for (guint i = 0; i < G_N_ELEMENTS(fds); i++)
    if (fds[i] >= 0)
      close(fds[i]);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Sender, sender_clear)

static int open_bound(const NeoAddress *from, int type, int protocol)
{
  struct sockaddr_storage sa;
  socklen_t size = neo_address_to_sockaddr(from, 0, &sa);
  int fd = socket(from->family, type | SOCK_CLOEXEC, protocol);

  if (fd >= 0 && bind(fd, (struct sockaddr *)&sa, size) < 0) {
    close(fd);
    return -1;
  }
  return fd;
}

static gboolean hold_port(Sender *sender)
{
  struct sockaddr_storage sa;
  socklen_t size = sizeof sa;
  NeoAddress address;

  sender->holder = open_bound(&sender->syn.from, SOCK_STREAM, IPPROTO_TCP);
  return sender->holder >= 0 && getsockname(sender->holder, (struct sockaddr *)&sa, &size) == 0 &&
         neo_address_from_sockaddr((struct sockaddr *)&sa, &address, &sender->syn.from_port);
}

static gboolean sender_open(Sender *sender, const NeoAddress *from, const NeoAddress *to, guint16 port)
{
  struct sockaddr_storage sa;

  *sender = (Sender){ .tcp = -1, .icmp = -1, .holder = -1, .syn = { .from = *from, .to = *to, .to_port = port } };
  if (from->family != to->family || !hold_port(sender))
    return FALSE;
  sender->tcp = open_bound(from, SOCK_RAW, IPPROTO_TCP);
  sender->icmp = open_bound(from, SOCK_RAW, from->family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6);
  socklen_t size = neo_address_to_sockaddr(to, 0, &sa);
  return sender->tcp >= 0 && sender->icmp >= 0 && connect(sender->tcp, (struct sockaddr *)&sa, size) == 0;
}

static gboolean set_ttl(const Sender *sender, int ttl)
{
  gboolean is_ip4 = sender->syn.to.family == AF_INET;

  return setsockopt(sender->tcp, is_ip4 ? IPPROTO_IP : IPPROTO_IPV6, is_ip4 ? IP_TTL : IPV6_UNICAST_HOPS, &ttl, sizeof ttl) == 0;
}

static gboolean send_syn(Sender *sender, int ttl)
{
  guint8 segment[NEO_CHECK_SYN_MAX];

  sender->syn.number = g_random_int();
  gsize size = neo_check_syn_build(&sender->syn, segment);
  return set_ttl(sender, ttl) && send(sender->tcp, segment, size, 0) == (gssize)size;
}

typedef enum { NOTHING, FROM_HOP, FROM_END } Source;

typedef struct {
  Source source;
  NeoAddress hop;
  NeoCheckSegment segment;
} Answer;

static gboolean read_end(const Sender *sender, Answer *answer)
{
  guint8 packet[PACKET_MAX];
  gssize size = recv(sender->tcp, packet, sizeof packet, MSG_DONTWAIT);

  return size > 0 && neo_check_segment_parse(sender->syn.to.family, packet, size, &answer->segment) &&
         answer->segment.to_port == sender->syn.from_port && answer->segment.from_port == sender->syn.to_port;
}

static gboolean read_hop(const Sender *sender, Answer *answer)
{
  guint8 packet[PACKET_MAX];
  struct sockaddr_storage sa;
  socklen_t sa_size = sizeof sa;
  guint16 no_port;
  gssize size = recvfrom(sender->icmp, packet, sizeof packet, MSG_DONTWAIT, (struct sockaddr *)&sa, &sa_size);

  return size > 0 && neo_check_quote_parse(sender->syn.to.family, packet, size, &answer->segment) &&
         answer->segment.from_port == sender->syn.from_port && answer->segment.to_port == sender->syn.to_port &&
         neo_address_from_sockaddr((struct sockaddr *)&sa, &answer->hop, &no_port);
}

static Answer read_answer(const Sender *sender, const struct pollfd watched[2])
{
  Answer answer = { 0 };

  if (watched[0].revents && read_end(sender, &answer))
    answer.source = FROM_END;
  else if (watched[1].revents && read_hop(sender, &answer))
    answer.source = FROM_HOP;
  return answer;
}

static Answer wait_answer(const Sender *sender, guint timeout)
{
  struct pollfd watched[] = { { .fd = sender->tcp, .events = POLLIN }, { .fd = sender->icmp, .events = POLLIN } };
  gint64 end = g_get_monotonic_time() + timeout * 1000;
  Answer answer = { 0 };

  for (gint64 left = timeout; left > 0 && !answer.source; left = (end - g_get_monotonic_time()) / 1000)
    if (poll(watched, 2, left) > 0)
      answer = read_answer(sender, watched);
  return answer;
}

static Answer ask(Sender *sender, int ttl, guint timeout)
{
  Answer answer = { 0 };

  for (guint i = 0; i < TRIES && !answer.source; i++)
    if (send_syn(sender, ttl))
      answer = wait_answer(sender, timeout);
  return answer;
}

static NeoJoinAnswer meaning_of(const NeoCheckSegment *segment)
{
  if (segment->rst)
    return segment->mptcp && segment->subtype == SUBTYPE_RESET ? NEO_JOIN_REFUSED : NEO_JOIN_CLOSED;
  return segment->mptcp && segment->subtype == SUBTYPE_JOIN ? NEO_JOIN_ANSWERED : NEO_JOIN_LOST;
}

NeoCheckJoin neo_check_join(const NeoAddress *from, const NeoAddress *to, guint16 port, guint32 token)
{
  g_auto(Sender) sender;
  gint64 begin = g_get_monotonic_time();

  if (!sender_open(&sender, from, to, port))
    return (NeoCheckJoin){ NEO_JOIN_UNSEEN };
  sender.syn.join = TRUE;
  sender.syn.token = token;
  Answer answer = ask(&sender, USUAL_TTL, JOIN_MS);
  if (answer.source != FROM_END)
    return (NeoCheckJoin){ NEO_JOIN_SILENT };
  return (NeoCheckJoin){ meaning_of(&answer.segment), answer.segment.reason, g_get_monotonic_time() - begin };
}

/* Hops come in order, so the last with the option is the highest, and the first without it is kept. */
static void take_hop(NeoCheckWhere *where, guint ttl, const Answer *answer)
{
  if (answer->source != FROM_HOP || !answer->segment.whole) {
    where->mute++;
  } else if (answer->segment.mptcp) {
    where->with = ttl;
    where->with_hop = answer->hop;
  } else if (!where->without) {
    where->without = ttl;
    where->without_hop = answer->hop;
  }
}

NeoCheckWhere neo_check_where(const NeoAddress *from, const NeoAddress *to, guint16 port)
{
  g_auto(Sender) sender;
  NeoCheckWhere where = { .sent = sender_open(&sender, from, to, port) };
  guint silent = 0;

  for (guint ttl = 1; where.sent && ttl <= MAX_HOPS && silent < MAX_MUTE && !where.reached && !where.without; ttl++) {
    Answer answer = ask(&sender, ttl, HOP_MS);
    silent = answer.source ? 0 : silent + 1;
    where.reached = answer.source == FROM_END;
    where.answered = where.reached && answer.segment.mptcp;
    if (!where.reached)
      take_hop(&where, ttl, &answer);
  }
  return where;
}

char *neo_check_where_text(const NeoCheckWhere *where)
{
  g_autofree char *with = neo_address_to_string(&where->with_hop), *without = neo_address_to_string(&where->without_hop);

  if (where->without && where->with)
    return g_strdup_printf("hop %u (%s) still gets option 30, hop %u (%s) does not", where->with, with, where->without, without);
  if (where->without)
    return g_strdup_printf("hop %u (%s) gets no option 30 any more, and of those before none says", where->without, without);
  if (where->reached && where->answered)
    return g_strdup("a SYN alone is answered with option 30: what follows loses it");
  if (where->reached && where->with && !where->mute)
    return g_strdup_printf("all hops up to the last, %u (%s), get option 30: the other end has no Multipath TCP, or its answer loses it", where->with, with);
  if (where->reached && where->with)
    return g_strdup_printf("hop %u (%s) still gets option 30; those that follow do not say", where->with, with);
  if (where->reached && !where->mute)
    return g_strdup("there is no hop between: the other end has no Multipath TCP");
  if (where->with)
    return g_strdup_printf("hop %u (%s) still gets option 30, and nothing behind it answers", where->with, with);
  return where->sent ? g_strdup("no hop says where") : NULL;
}
