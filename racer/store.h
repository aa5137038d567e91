/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/*
 * systemd's store of file descriptors: what is put there outlives the process and comes back at its next start
 * (sd_notify(3), FDSTORE=; systemd.service(5), FileDescriptorStoreMax=). All lockers of one process have one name there,
 * which tells the version of the format and the process apart; each listening socket of Listen= has its own.
 */

/** Puts @fd into the store under @name. The caller keeps its own. FALSE if nobody takes it; a full store takes it and drops it. */
gboolean racer_store_put(const char *name, int fd);

/** Takes all of that @name out of the store. */
void racer_store_remove(const char *name);

/** Waits until systemd has taken all that was sent to it, at most some seconds. */
void racer_store_settle(void);

/** Asks whether the service has a store: puts one end of a pair there and looks whether it is kept. Waits for systemd. */
gboolean racer_store_is_there(void);
