/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/** Where ip-netns(8) looks for the namespace of the proxy @name. The caller owns the text. */
char *neo_proxy_namespace_path(const char *name);

/** Whether the namespace is there. */
gboolean neo_proxy_namespace_exists(const char *name);

/** Makes the namespace, with its loopback up, unless it is there. The calling thread stays where it is. */
gboolean neo_proxy_namespace_create(const char *name, GError **error);

/** Removes the namespace's name; it ends with its last process. No error if there is none. */
gboolean neo_proxy_namespace_delete(const char *name, GError **error);

/** Takes the calling thread into the namespace; *@ret_home is for neo_proxy_namespace_leave(). */
gboolean neo_proxy_namespace_enter(const char *name, int *ret_home, GError **error);

/** Takes the calling thread back. A program that cannot go back must not go on, and ends here. */
void neo_proxy_namespace_leave(int home);
