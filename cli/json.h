/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/*
 * Writes JSON (RFC 8259) behind what a string holds, with the commas where they belong. @key is NULL inside an array. Bytes that are
 * no UTF-8 become U+FFFD.
 */

void neo_json_string(GString *json, const char *key, const char *value); /**< NULL is null */
void neo_json_uint(GString *json, const char *key, guint64 value);
void neo_json_bool(GString *json, const char *key, gboolean value);

/** A number with three digits behind the point; null if it is negative, which means not measured. */
void neo_json_real(GString *json, const char *key, double value);

/** @bracket is '{' or '['. */
void neo_json_open(GString *json, const char *key, char bracket);
void neo_json_close(GString *json, char bracket);
