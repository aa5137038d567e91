/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/** Reads "52:54:00:12:34:56"; FALSE for anything else and for group addresses. */
gboolean neo_mac_is_valid(const char *text);

/** The address that belongs to interface @name on the host with this machine id: always the same, locally administered. The caller owns it. */
char *neo_mac_stable(const char *machine_id, const char *name);

/** An address from the kernel's random numbers, locally administered. The caller owns it. */
char *neo_mac_random(void);

/** The first @count addresses of a file with one in each line (# begins a comment). NULL with a message that fits behind the file's name. */
GPtrArray *neo_mac_read_file(const char *path, guint count, GError **error);
