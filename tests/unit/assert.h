/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "common/address.h"

/** The address that @text is. */
static inline NeoAddress address(const char *text)
{
  NeoAddress result;

  g_assert_true(neo_address_parse(text, &result));
  return result;
}

/** Asserts that @got, which is freed, is @wanted. */
static inline void take(char *got, const char *wanted)
{
  g_assert_cmpstr(got, ==, wanted);
  g_free(got);
}
