/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "racer/settings.h"

/**
 * Gathers the listening sockets: those that systemd hands over (sd_listen_fds(3)) and those of Listen=. The latter are in
 * systemd's store too, so that nobody is refused while there is no process: those of the process before are used again where the
 * settings still name them, with their queues, and closed otherwise. Returns an array of
 * int that closes them, or NULL with @error if there is none or one cannot be used. What the process before put into lockers
 * comes the same way and is returned in @ret_lockers (another array of int that closes them); their names, each once, in @ret_names.
 */
GArray *racer_listeners_open(const RacerSettings *settings, GArray **ret_lockers, GPtrArray **ret_names, GError **error);
