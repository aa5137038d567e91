/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/*
 * Figures and tables as a person reads them. The caller owns each string.
 */

/** "4.7 Mbit/s" for @rate in bytes per second; "-" for a negative one, which means not measured. */
char *neo_text_rate(double rate);

/** "64.0 MB" (powers of 1000). */
char *neo_text_bytes(guint64 bytes);

/** "11h58m", "4d03h", "59s"; "forever" for G_MAXUINT32. */
char *neo_text_duration(guint32 seconds);

/** "31.2 ms" for microseconds; "-" for 0, which means not measured. */
char *neo_text_rtt(guint32 us);

/** "33%"; "-" if @whole is 0. */
char *neo_text_share(guint64 part, guint64 whole);

/** "192.0.2.1:443", "[2001:db8::1]:443" for the text of an address. */
char *neo_text_endpoint(const char *address, guint16 port);

/** @text without control characters, which would act on a terminal. */
char *neo_text_clean(const char *text);

/** Rows of cells in columns as wide as their widest cell. */
typedef struct NeoTextTable NeoTextTable;

/** @headings are separated by "|"; one that begins with ">" is of a column of figures, aligned right. */
NeoTextTable *neo_text_table_new(const char *headings);
void neo_text_table_free(NeoTextTable *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NeoTextTable, neo_text_table_free)

/** Adds one cell behind the last; the table takes @cell. A row is full when it has a cell for each heading. */
void neo_text_table_take(NeoTextTable *table, char *cell);

/** The same with a copy. */
void neo_text_table_add(NeoTextTable *table, const char *cell);

/** Appends the table to @text, each line behind @indent blanks. */
void neo_text_table_print(const NeoTextTable *table, guint indent, GString *text);

/**
 * The same in lines of at most @width columns: where they do not suffice the columns of the table move together, and if that is not enough a row takes
 * several lines. Nothing is cut, so a single cell may be wider. A row whose first cell is empty goes on with the row before it.
 */
void neo_text_table_fit(const NeoTextTable *table, guint indent, guint width, GString *text);

/** Whether the table needs at most @width columns behind @indent blanks. */
gboolean neo_text_table_fits(const NeoTextTable *table, guint indent, guint width);

/** Appends the words of @sentence behind @indent blanks; what does not fit into @width columns goes on below, indented by two more. */
void neo_text_wrap(const char *sentence, guint indent, guint width, GString *text);
