/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "racer/settings.h"

/**
 * Gathers the listening sockets: those that systemd hands over (sd_listen_fds(3)) and those of Listen=. Returns an array of
 * int that closes them, or NULL with @error if there is none or one cannot be used.
 */
GArray *racer_listeners_open(const RacerSettings *settings, GError **error);
