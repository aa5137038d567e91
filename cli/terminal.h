/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/** Columns of the terminal on standard output; else what COLUMNS says, else 80. */
guint neo_terminal_width(void);
