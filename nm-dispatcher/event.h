/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "paths/desire.h"

/** What NetworkManager tells a dispatcher plugin (NetworkManager-dispatcher(8)). Borrowed from argv and the environment. */
typedef struct {
  const char *interface; /**< "" or "none" if the event is about none */
  const char *action;
  const char *profile;   /**< the profile's file, CONNECTION_FILENAME; NULL if there is none */
} NeoEvent;

/**
 * Whether the event can matter to paths; if so *@ret_request is what to tell the engine. Reads the section [user] of the
 * profile; if that has mistakes, *@ret_complaint (owned by the caller) says which, and the profile counts as one without the section.
 */
gboolean neo_event_request(const NeoEvent *event, NeoRequest *ret_request, GError **ret_complaint);

/** Whether more changes are likely to follow for which there is no event: addresses are being configured. Pure. */
gboolean neo_event_is_followed(const NeoEvent *event);
