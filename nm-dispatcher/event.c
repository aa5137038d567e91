/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nm-dispatcher/event.h"

#include <string.h>

/* A profile's user key neo.path comes as this variable. */
#define USER_PREFIX "CONNECTION_USER_NEO__"
#define USER_PATH USER_PREFIX "PATH"

static const struct {
  const char *action;
  NeoRequestKind kind; /* for a profile that does not ask to be left alone */
} actions[] = {
  { "up", NEO_REQUEST_CLEAR },
  { "down", NEO_REQUEST_CLEAR },
  { "pre-down", NEO_REQUEST_GOING },
  { "dhcp4-change", NEO_REQUEST_CLEAR },
  { "dhcp6-change", NEO_REQUEST_CLEAR },
  { "reapply", NEO_REQUEST_CLEAR },
  { "connectivity-change", NEO_REQUEST_NONE },
};

static gboolean find_action(const char *action, NeoRequestKind *ret_kind)
{
  for (guint i = 0; i < G_N_ELEMENTS(actions); i++)
    if (g_str_equal(actions[i].action, action)) {
      *ret_kind = actions[i].kind;
      return TRUE;
    }
  return FALSE;
}

static void check_user_keys(const NeoEvent *event, GPtrArray *complaints)
{
  const char *profile = g_environ_getenv(event->environment, "CONNECTION_ID");

  for (char **variable = event->environment; variable && *variable; variable++)
    if (g_str_has_prefix(*variable, USER_PREFIX) && !g_str_has_prefix(*variable, USER_PATH "=")) {
      g_autofree char *name = g_strndup(*variable + sizeof USER_PREFIX - 1, strcspn(*variable + sizeof USER_PREFIX - 1, "="));
      g_autofree char *key = g_ascii_strdown(name, -1);
      g_ptr_array_add(complaints, g_strdup_printf("%s: [user] neo.%s: unknown key; expected neo.path", profile ? profile : event->interface, key));
    }
}

/* Whether the profile asks to be left alone. */
static gboolean is_alone(const NeoEvent *event, GPtrArray *complaints)
{
  const char *profile = g_environ_getenv(event->environment, "CONNECTION_ID");
  const char *value = g_environ_getenv(event->environment, USER_PATH);

  if (!value || g_str_equal(value, "yes"))
    return FALSE;
  if (g_str_equal(value, "no"))
    return TRUE;
  g_ptr_array_add(complaints, g_strdup_printf("%s: [user] neo.path: unknown value \"%s\"; expected yes or no", profile ? profile : event->interface, value));
  return FALSE;
}

gboolean neo_event_request(const NeoEvent *event, NeoRequest *ret_request, GPtrArray *complaints)
{
  NeoRequestKind kind;

  if (!find_action(event->action, &kind))
    return FALSE;
  if (!*event->interface || g_str_equal(event->interface, "none")) {
    *ret_request = (NeoRequest){ NEO_REQUEST_NONE };
    return TRUE;
  }
  check_user_keys(event, complaints);
  if (kind == NEO_REQUEST_CLEAR && !g_str_equal(event->action, "down") && is_alone(event, complaints))
    kind = NEO_REQUEST_ALONE;
  *ret_request = (NeoRequest){ .kind = kind, .interface = event->interface };
  return TRUE;
}

gboolean neo_event_is_followed(const NeoEvent *event)
{
  static const char *const followed[] = { "up", "dhcp6-change", "reapply", NULL };

  return *event->interface && !g_str_equal(event->interface, "none") && g_strv_contains(followed, event->action);
}
