/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <NetworkManager.h>

/*
 * NetworkManager by libnm, one call after the other. Errors are NEO_ERROR_SYSTEM with what NetworkManager said.
 * Each call runs the default main context until its answer is there.
 */

/** Connects to NetworkManager; NEO_ERROR_UNSUPPORTED if it does not run. The caller owns the client. */
NMClient *neo_client_open(GError **error);

/** Stores the profile; it does not start by itself before it is activated. The caller owns the result. */
NMRemoteConnection *neo_client_add(NMClient *client, NMConnection *profile, GError **error);

/** Starts the profile, on an interface that NetworkManager makes. Does not wait for an address. */
gboolean neo_client_activate(NMClient *client, NMRemoteConnection *profile, GError **error);

/** Deletes the profile, and with it the interface. */
gboolean neo_client_delete(NMRemoteConnection *profile, GError **error);

/** The device on which the profile is active, or NULL. It stays the client's. */
NMDevice *neo_client_device(NMClient *client, NMRemoteConnection *profile);
