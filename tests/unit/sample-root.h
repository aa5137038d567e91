/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/** A new empty directory that stands for a root of files or of sysctls. The caller owns the text. */
char *sample_root_make(void);

/** Writes the file @name below @root, and the directories that it needs. */
void sample_root_write(const char *root, const char *name, const char *text);

void sample_root_remove(const char *root);

/** "KEY=VALUE " for each NeoForwardingSysctl. The caller owns the text. */
char *sample_root_sysctls(const GArray *sysctls);
