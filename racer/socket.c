/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "racer/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "common/error.h"
#include "racer/mptcp-state.h"

/* Clients that may be waiting for the end of their handshake with data sent (tcp(7), TCP_FASTOPEN). */
#define FAST_OPEN_QUEUE 256

static void set_option(int fd, int level, int name, int value)
{
  setsockopt(fd, level, name, &value, sizeof value);
}

/* A relay never has a reason to wait for more bytes before it sends (Nagle); Linux hands both options to accepted sockets. */
void racer_socket_prepare(int fd, guint keep_alive)
{
  set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  if (keep_alive == 0)
    return;
  set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, MIN(keep_alive / 1000, 32767)); /* MAX_TCP_KEEPIDLE, include/net/tcp.h */
}

/* EINVAL is the answer where net.mptcp.enabled=0 (Linux 5.6 to 5.9), ENOPROTOOPT after that (net/mptcp/ctrl.c). */
static gboolean lacks_mptcp(int errnum)
{
  return errnum == EPROTONOSUPPORT || errnum == ENOPROTOOPT || errnum == EINVAL;
}

static int open_socket(int family, RacerMptcp mptcp)
{
  int fd = -1;

  if (mptcp != RACER_MPTCP_NO)
    fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_MPTCP);
  if (mptcp == RACER_MPTCP_NO || (fd < 0 && mptcp == RACER_MPTCP_YES && lacks_mptcp(errno)))
    fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
  return fd;
}

int racer_socket_listen(const RacerEndpoint *endpoint, gboolean mptcp, GError **error)
{
  struct sockaddr_storage address;
  socklen_t length = neo_address_to_sockaddr(&endpoint->address, endpoint->port, &address);
  int fd = open_socket(endpoint->address.family, mptcp ? RACER_MPTCP_REQUIRE : RACER_MPTCP_NO);

  if (fd < 0) {
    neo_error_set_errno(error, errno, "%s socket for %s", mptcp ? "MPTCP" : "TCP", endpoint->text);
    return -1;
  }
  set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (endpoint->address.family == AF_INET6)
    set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
  if (bind(fd, (struct sockaddr *)&address, length) < 0 || listen(fd, SOMAXCONN) < 0) {
    neo_error_set_errno(error, errno, "listen on %s", endpoint->text);
    close(fd);
    return -1;
  }
  return fd;
}

static guint64 cookie_of(int fd, int option)
{
  guint64 cookie = 0;
  socklen_t size = sizeof cookie;

  getsockopt(fd, SOL_SOCKET, option, &cookie, &size);
  return cookie;
}

guint64 racer_socket_id(int fd)
{
  return cookie_of(fd, SO_COOKIE);
}

static gboolean is_in_namespace_of_process(int fd)
{
  int here = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  gboolean same = here >= 0 && cookie_of(fd, SO_NETNS_COOKIE) == cookie_of(here, SO_NETNS_COOKIE);

  if (here >= 0)
    close(here);
  return same;
}

static int protocol_of(int fd)
{
  int protocol = 0;
  socklen_t size = sizeof protocol;

  getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &size);
  return protocol;
}

gboolean racer_socket_listens_on(int fd, const RacerEndpoint *endpoint, gboolean mptcp)
{
  struct sockaddr_storage address;
  socklen_t length = neo_address_to_sockaddr(&endpoint->address, endpoint->port, &address);

  return sd_is_socket_sockaddr(fd, SOCK_STREAM, (struct sockaddr *)&address, length, TRUE) > 0 &&
         protocol_of(fd) == (mptcp ? IPPROTO_MPTCP : IPPROTO_TCP) && is_in_namespace_of_process(fd);
}

gboolean racer_socket_prepare_listener(int fd, guint keep_alive, gboolean fast_open, GError **error)
{
  int flags = fcntl(fd, F_GETFL);

  if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
    return neo_error_set_errno(error, errno, "listening socket");
  /* Both may be set from before, when the configuration said otherwise. */
  set_option(fd, SOL_SOCKET, SO_KEEPALIVE, keep_alive > 0);
  set_option(fd, IPPROTO_TCP, TCP_FASTOPEN, fast_open ? FAST_OPEN_QUEUE : 0);
  racer_socket_prepare(fd, keep_alive);
  return TRUE;
}

/* Without IP_BIND_ADDRESS_NO_PORT the kernel would take a port that no other connection from the address may have (ip(7)). */
static gboolean bind_source(int fd, const NeoAddress *source)
{
  struct sockaddr_storage address;

  if (source->family == AF_UNSPEC)
    return TRUE;
  socklen_t length = neo_address_to_sockaddr(source, 0, &address);
  set_option(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
  return bind(fd, (struct sockaddr *)&address, length) == 0;
}

/* An unprivileged program may do this once for each socket (Linux 5.7). */
static gboolean bind_device(int fd, const char *device)
{
  return !device || setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device, strlen(device)) == 0;
}

static gboolean begin(int fd, const struct sockaddr_storage *address, socklen_t length, const RacerEndpoint *endpoint,
                      const RacerSocketOptions *options)
{
  const NeoAddress *source = address->ss_family == AF_INET ? &options->bind4 : &options->bind6;

  return bind_device(fd, endpoint->device) && bind_source(fd, endpoint->bind.family ? &endpoint->bind : source) &&
         (connect(fd, (const struct sockaddr *)address, length) == 0 || errno == EINPROGRESS);
}

int racer_socket_connect(const struct sockaddr_storage *address, socklen_t length, const RacerEndpoint *endpoint,
                         const RacerSocketOptions *options)
{
  int fd = open_socket(address->ss_family, options->mptcp);

  if (fd < 0 || begin(fd, address, length, endpoint, options))
    return fd;
  int why = errno;
  close(fd);
  errno = why;
  return -1;
}

int racer_socket_error(int fd)
{
  int value = 0;
  socklen_t size = sizeof value;

  return getsockopt(fd, SOL_SOCKET, SO_ERROR, &value, &size) < 0 ? errno : value;
}

gboolean racer_socket_is_mptcp(int fd)
{
  return racer_mptcp_of(fd).subflows > 0;
}

void racer_socket_abort(int fd)
{
  struct linger reset = { .l_onoff = 1 };

  setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  close(fd);
}

/* connect(2): AF_UNSPEC dissolves the association, which for TCP is a reset (tcp_disconnect() in net/ipv4/tcp.c). */
void racer_socket_end(int fd, gboolean reset)
{
  const struct sockaddr nobody = { .sa_family = AF_UNSPEC };

  if (!reset || connect(fd, &nobody, sizeof nobody) < 0)
    shutdown(fd, SHUT_RDWR);
}
