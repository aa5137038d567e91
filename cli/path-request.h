/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "paths/conf.h"

/** What "neo paths add" is asked for. Path N (from 1) is called PREFIXN and has the table FIRST_TABLE + N - 1. */
typedef struct {
  char *parent;
  char *prefix;
  int count;
  int first_table;
  gboolean ipv6, force;
} NeoPathRequest;

void neo_path_request_clear(NeoPathRequest *request);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NeoPathRequest, neo_path_request_clear)

/** What others have already, each with a text that says who. */
typedef struct {
  GHashTable *names;  /**< of interfaces and profiles: char * to char * */
  GHashTable *tables; /**< GUINT_TO_POINTER() to char * */
} NeoTaken;

NeoTaken *neo_taken_new(void);
void neo_taken_free(NeoTaken *taken);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NeoTaken, neo_taken_free)

/** Notes that @owner has @name or @table; the first owner stays. NULL and 0 are nobody's. */
void neo_taken_add_name(NeoTaken *taken, const char *name, const char *owner);
void neo_taken_add_table(NeoTaken *taken, guint32 table, const char *owner);

/** The name and the table of path @number. The caller owns the name. */
char *neo_path_request_name(const NeoPathRequest *request, guint number);
guint32 neo_path_request_table(const NeoPathRequest *request, guint number);

/** Checks what the request says by itself: NEO_ERROR_USAGE with one sentence that says what is wrong and what is expected. */
gboolean neo_path_request_check(const NeoPathRequest *request, const NeoTables *tables, GError **error);

/** Checks that names and tables are free; errors as above. */
gboolean neo_path_request_check_free(const NeoPathRequest *request, const NeoTaken *taken, GError **error);

/** @text as one word for a shell, quoted if it needs to be. The caller owns it. */
char *neo_shell_word(const char *text);

/** The nmcli command that makes the profile of path @number, as a line for a shell without its end. The caller owns it. */
char *neo_path_request_nmcli(const NeoPathRequest *request, guint number);
