/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <NetworkManager.h>

#include "cli/path-request.h"

/** The profile of path @number of @request, not yet given to NetworkManager. The caller owns it. */
NMConnection *neo_profile_new(const NeoPathRequest *request, guint number);

/** The routing tables of the profile, 0 for none (and so for the main table). */
guint32 neo_profile_table4(NMConnection *profile);
guint32 neo_profile_table6(NMConnection *profile);

/** The profile's table if it is a path's: a macvlan with a route table inside @tables, IPv4's before IPv6's. Else 0. */
guint32 neo_profile_path_table(NMConnection *profile, const NeoTables *tables);
