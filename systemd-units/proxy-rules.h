/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

#include "common/iptables-saved.h"
#include "systemd-units/proxy-plan.h"

/* The texts that iptables-restore(8) and ip6tables-restore(8) load. Pure: what the host has is given. */

/** Where a proxy's chains are called from. */
enum { NEO_PROXY_N_BASES = 5 };
extern const NeoIptablesBase neo_proxy_bases[NEO_PROXY_N_BASES];

/** For "restore --noflush" on the host: the chains of @plan, and the jumps into them that @saved lacks. */
char *neo_proxy_rules_add(const NeoProxyPlan *plan, sa_family_t family, const NeoIptablesSaved *saved);

/** For "restore --noflush" on the host: takes from @saved what belongs to the proxy @name; NULL if there is nothing. */
char *neo_proxy_rules_remove(const char *name, const NeoIptablesSaved *saved);

/** For "restore" inside the namespace, whose nat table is the proxy's own. */
char *neo_proxy_rules_inside(const NeoProxyPlan *plan, sa_family_t family);
