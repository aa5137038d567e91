/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

#include "systemd-units/proxy-plan.h"

/** One thing that is set up. Each does nothing where its work is done already. */
typedef struct {
  /** @before is what the proxy is up with, or NULL. */
  gboolean (*apply)(const NeoProxyPlan *plan, const NeoProxyPlan *before, GError **error);
  /** Needs only the name, so that a stop works when the file has changed or is gone; NULL if another step's undo does
   * it. */
  gboolean (*undo)(const char *name, GError **error);
} NeoProxyStep;

/** All of them in order, ended by one without apply. */
extern const NeoProxyStep neo_proxy_steps[];

/**
 * Applies @steps. When one fails, the proxy is as it was: down, or up with @before. On failure @error has a line for
 * each thing that could not be undone too.
 */
gboolean neo_proxy_steps_apply(const NeoProxyStep *steps, const NeoProxyPlan *plan, const NeoProxyPlan *before,
                               GError **error);

/** Undoes @steps in reverse; goes on after a failure. On failure @error has a line for each. */
gboolean neo_proxy_steps_undo(const NeoProxyStep *steps, const char *name, GError **error);
