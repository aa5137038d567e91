/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nm-dispatcher/event.h"

#include "common/config.h"

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

typedef struct {
  gboolean path;
} UserSettings;

/* NetworkManager 1.42 does not pass the [user] keys on, but it names the file. */
static gboolean is_alone(const NeoEvent *event, GError **ret_complaint)
{
  static const NeoConfigKey keys[] = {
    { "neo.path", neo_config_bool, G_STRUCT_OFFSET(UserSettings, path) },
    { NULL },
  };
  static const NeoConfigSchema schema = {
    .section = "user", .keys = keys, .foreign_sections = TRUE, .foreign_keys = TRUE, .own_prefix = "neo.",
  };
  UserSettings settings = { .path = TRUE };

  if (!event->profile || !g_file_test(event->profile, G_FILE_TEST_EXISTS))
    return FALSE;
  return neo_config_load(event->profile, &schema, &settings, ret_complaint) && !settings.path;
}

static gboolean has_interface(const NeoEvent *event)
{
  return *event->interface && !g_str_equal(event->interface, "none");
}

gboolean neo_event_request(const NeoEvent *event, NeoRequest *ret_request, GError **ret_complaint)
{
  NeoRequestKind kind;

  if (!find_action(event->action, &kind))
    return FALSE;
  if (!has_interface(event))
    kind = NEO_REQUEST_NONE;
  else if (kind == NEO_REQUEST_CLEAR && !g_str_equal(event->action, "down") && is_alone(event, ret_complaint))
    kind = NEO_REQUEST_ALONE;
  *ret_request = (NeoRequest){ .kind = kind, .interface = event->interface };
  return TRUE;
}

gboolean neo_event_is_followed(const NeoEvent *event)
{
  static const char *const followed[] = { "up", "dhcp6-change", "reapply", NULL };

  return has_interface(event) && g_strv_contains(followed, event->action);
}
