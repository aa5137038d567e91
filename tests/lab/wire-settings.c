/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/lab/wire-settings.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static const struct {
  const char *unit;
  double factor;
} units[] = {
  { "ns", 1 },     { "us", 1e3 },   { "ms", 1e6 },   { "s", 1e9 }, { "%", 1e7 },
  { "kbit", 1e3 }, { "mbit", 1e6 }, { "gbit", 1e9 }, { "", 1 },
};

enum { UNITS_TIME = 0, UNITS_SHARE = 4, UNITS_RATE = 5, UNITS_NONE = 8, UNITS_END = 9 };

static const struct {
  const char *name;
  size_t offset;
  int first_unit, end_unit;
  double max;
  const char *expected;
} keys[N_SETTINGS] = {
  { "delay", offsetof(Settings, delay_ns), UNITS_TIME, UNITS_SHARE, 10e9, "a time up to 10s, such as 15ms" },
  { "jitter", offsetof(Settings, jitter_ns), UNITS_TIME, UNITS_SHARE, 10e9, "a time up to 10s, such as 2ms" },
  { "queue", offsetof(Settings, queue_ns), UNITS_TIME, UNITS_SHARE, 10e9, "a time up to 10s, such as 100ms" },
  { "loss", offsetof(Settings, loss_ppb), UNITS_SHARE, UNITS_RATE, 1e9, "a share up to 100%, such as 0.5%" },
  { "rate", offsetof(Settings, rate_bps), UNITS_RATE, UNITS_NONE, 100e9, "a rate up to 100gbit, such as 50mbit, or 0" },
  { "cut", offsetof(Settings, cut), UNITS_NONE, UNITS_END, 1, "0 or 1" },
};

static _Atomic uint64_t *setting(Settings *settings, size_t key)
{
  return (_Atomic uint64_t *)((char *)settings + keys[key].offset);
}

static bool parse_value(const char *text, size_t key, uint64_t *ret)
{
  char *unit;
  double value = strtod(text, &unit);

  if (unit == text || !(value >= 0))
    return false;
  if (value == 0 && !*unit) {
    *ret = 0;
    return true;
  }
  for (int i = keys[key].first_unit; i < keys[key].end_unit; i++)
    if (strcmp(unit, units[i].unit) == 0) {
      if (value * units[i].factor > keys[key].max)
        return false;
      *ret = (uint64_t)(value * units[i].factor + 0.5);
      return true;
    }
  return false;
}

/* Sets *ret_key and *ret_value, or writes what is wrong with the word. */
static bool parse_word(char *word, size_t *ret_key, uint64_t *ret_value, FILE *reply)
{
  char *value = strchr(word, '=');
  size_t key = 0;

  if (value)
    *value++ = 0;
  while (key < N_SETTINGS && strcmp(word, keys[key].name) != 0)
    key++;
  if (key == N_SETTINGS || !value) {
    fprintf(reply, "error: \"%s\" is not a setting; settings are delay= jitter= loss= rate= queue= cut=\n", word);
    return false;
  }
  if (!parse_value(value, key, ret_value)) {
    fprintf(reply, "error: %s: \"%s\" is not %s\n", word, value, keys[key].expected);
    return false;
  }
  *ret_key = key;
  return true;
}

bool settings_apply(Settings *settings, char *line, FILE *reply)
{
  uint64_t values[N_SETTINGS];
  bool given[N_SETTINGS] = { false };
  bool good = true;
  char *rest = NULL;

  for (char *word = strtok_r(line, " \n", &rest); word; word = strtok_r(NULL, " \n", &rest)) {
    uint64_t value;
    size_t key;

    if (!parse_word(word, &key, &value, reply)) {
      good = false;
      continue;
    }
    given[key] = true;
    values[key] = value;
  }
  for (size_t key = 0; good && key < N_SETTINGS; key++)
    if (given[key])
      *setting(settings, key) = values[key];
  return good;
}

void settings_print(const Settings *s, FILE *reply)
{
  fprintf(reply, "delay=%gms jitter=%gms loss=%g%% rate=%gmbit queue=%gms cut=%d\n", (double)s->delay_ns / 1e6,
          (double)s->jitter_ns / 1e6, (double)s->loss_ppb / 1e7, (double)s->rate_bps / 1e6, (double)s->queue_ns / 1e6,
          (int)s->cut);
}
