/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>

/** Ends a test's tool whose @condition does not hold, with errno's text behind @what. */
static inline void need(gboolean condition, const char *what)
{
  if (condition)
    return;
  perror(what);
  exit(1);
}
