/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

/**
 * Creates or opens the TAP @name in the network namespace at @path, and leaves the caller in that namespace. Frames
 * are read and written with a virtio_net_hdr. Ends the program when it cannot.
 */
int tap_open(const char *path, const char *name);

/**
 * Whether the TAP gives a segmented send of 64 KiB in one piece (@whole), or the kernel makes single packets of it
 * first. False: errno says why.
 */
bool tap_set_whole(int tap, bool whole);
