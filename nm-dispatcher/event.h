/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "paths/desire.h"

/** What NetworkManager tells a dispatcher plugin (NetworkManager-dispatcher(8)). Borrowed from argv and the environment. */
typedef struct {
  const char *interface; /**< "" or "none" if the event is about none */
  const char *action;
  char **environment;    /**< as environ(7) */
} NeoEvent;

/**
 * Whether the event can matter to paths; if so *@ret_request is what to tell the engine. Each mistake in the
 * profile's [user] section goes to @complaints (char *). Pure.
 */
gboolean neo_event_request(const NeoEvent *event, NeoRequest *ret_request, GPtrArray *complaints);

/** Whether more changes are likely to follow for which there is no event: addresses are being configured. Pure. */
gboolean neo_event_is_followed(const NeoEvent *event);
