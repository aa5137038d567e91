/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>
#include <sys/socket.h>

#include "racer/settings.h"

/** A listening socket on @endpoint (an address), non-blocking; [::] takes IPv4 as well. -1 with @error on failure. */
int racer_socket_listen(const RacerEndpoint *endpoint, gboolean mptcp, GError **error);

/** The kernel's cookie of the socket (SO_COOKIE), which no other socket ever gets. A connection has that of its client's as its id. */
guint64 racer_socket_id(int fd);

/**
 * Whether @fd is such a socket, listening, in the network namespace of this process (SO_NETNS_COOKIE, Linux 5.14). One that outlived
 * its namespace's name (neo-netns@.service restarted) is not.
 */
gboolean racer_socket_listens_on(int fd, const RacerEndpoint *endpoint, gboolean mptcp);

/**
 * Prepares the listening socket @fd, whoever made it: non-blocking, and with the options that accepted sockets
 * inherit; @fast_open: clients may send data with their SYN (RFC 7413). Options that a kind of socket lacks (TCP's on a Unix socket) are passed over.
 */
gboolean racer_socket_prepare_listener(int fd, guint keep_alive, gboolean fast_open, GError **error);

/**
 * Begins to connect to @address, from where @endpoint or @options say. Returns the non-blocking socket, or -1 with errno. With MPTCP, a kernel without
 * it gives a TCP socket unless it is required (then -1 with EPROTONOSUPPORT).
 */
int racer_socket_connect(const struct sockaddr_storage *address, socklen_t length, const RacerEndpoint *endpoint,
                         const RacerSocketOptions *options);

/** Sets on the established connection @fd what relaying needs; @keep_alive in milliseconds, 0: none. */
void racer_socket_prepare(int fd, guint keep_alive);

/** The error that the connection attempt of @fd ended with, 0 if it is established or still under way. */
int racer_socket_error(int fd);

/** Whether the established connection of @fd speaks MPTCP: made as such and not fallen back (MPTCP_INFO). */
gboolean racer_socket_is_mptcp(int fd);

/** Closes @fd such that its peer sees a reset instead of an end; data that is not sent yet is thrown away. */
void racer_socket_abort(int fd);

/**
 * Ends the connection of @fd at once even where others hold the same socket: with a reset (@reset), or by telling the
 * peer the end. A listening socket listens no more. @fd is still to be closed.
 */
void racer_socket_end(int fd, gboolean reset);
