/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>
#include <sys/socket.h>

/*
 * Forwarding on interfaces. IPv4 has it for each, IPv6 only since Linux 6.17 (force_forwarding); before that it is for all
 * interfaces or none (conf/IFACE/forwarding only says whether it acts as a router towards neighbours), and an interface that
 * forwards takes router advertisements only with accept_ra=2 (ip-sysctl.rst).
 */

/** Where the sysctls of this host are, and the notes of what they were before (common/sysctl.h). */
#define NEO_FORWARDING_ROOT "/proc/sys"
#define NEO_FORWARDING_STATE_DIR "/run/neo/sysctl"

/** An interface that is to forward packets of a family. */
typedef struct {
  sa_family_t family;
  const char *interface; /**< not owned */
} NeoForwardingLink;

/** A sysctl and the value it needs. */
typedef struct {
  char *key;
  const char *value; /**< static */
} NeoForwardingSysctl;

/** What must be kept from being forwarded, as it was not before Neo. */
typedef enum {
  NEO_GUARD_NONE,
  NEO_GUARD_INTERFACE, /**< what comes from this interface */
  NEO_GUARD_ALL        /**< what comes from any interface: the family forwards on all or none */
} NeoGuard;

/** The sysctls below @root that @links (NeoForwardingLink) need, in the order in which they have to be set. The caller owns them. */
GArray *neo_forwarding_sysctls(const GArray *links, const char *root);

/** What is to be guarded when @interface forwards; what Neo holds already counts with its value from before, in @state_dir. */
NeoGuard neo_forwarding_guard(sa_family_t family, const char *interface, const char *root, const char *state_dir);

/** Sets @sysctls on this host for as long as @holder holds them. */
gboolean neo_forwarding_hold(const GArray *sysctls, const char *holder, GError **error);

/** Lets go of all that @holder holds. */
gboolean neo_forwarding_release(const char *holder, GError **error);
