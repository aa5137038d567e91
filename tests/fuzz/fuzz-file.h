/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>

/** A file in memory with these bytes, for parsers that take a path. The file descriptor holds it until it is closed; the caller frees the path. */
int fuzz_file(const void *data, size_t size, char **ret_path);
