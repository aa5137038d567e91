/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

/** What libFuzzer calls with each input (https://llvm.org/docs/LibFuzzer.html). Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
