/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/**
 * Makes @dir if it is not there, and waits until nobody else has its lock (flock(2)). Returns a file descriptor, as long as which is open
 * nobody else gets it, or -1.
 */
int neo_lock_directory(const char *dir, GError **error);
