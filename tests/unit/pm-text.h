/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "paths/pm-pairing.h"

/*
 * Connections as text, for the tables of the path manager's tests. An address here is a letter (a: 10.0.0.1; A: IPv6),
 * a remote is a digit (0-4: 192.0.2.N; 5-9: IPv6). A subflow is both, and what it is: "a0" up, "a0?" asked for just now,
 * "a0!" asked for long ago, "a0b" a backup. The first remote is the initial one; a subflow from "a" to it has the local id 0.
 */

/** "Now" in the tests, in microseconds. */
#define PM_NOW (1000 * G_USEC_PER_SEC)

/** What a row of a table says; NULL stands for "". */
typedef struct {
  const char *paths, *remotes, *subflows;
  const char *waits;  /**< pairs that failed just now: "a0 b1" */
  const char *gone;   /**< local addresses that are not here any more */
  const char *others; /**< local addresses that are no paths */
} PmText;

NeoAddress pm_local(char name);
NeoAddress pm_remote(char name);
char pm_local_name(const NeoAddress *address);
char pm_remote_name(const NeoAddress *address);

/** An established and settled client's connection in @model with the token 1. It stays @model's. */
NeoPmConnection *pm_connection(NeoPmModel *model, const PmText *text);

/** The host of @text; free its arrays with pm_host_clear(). */
NeoPmHost pm_host(const PmText *text);
void pm_host_clear(NeoPmHost *host);
