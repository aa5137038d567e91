/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "racer/timers.h"

static RacerTimer *at(const GPtrArray *heap, guint place)
{
  return heap->pdata[place - 1];
}

static void put(GPtrArray *heap, guint place, RacerTimer *timer)
{
  heap->pdata[place - 1] = timer;
  timer->place = place;
}

static void rise(GPtrArray *heap, RacerTimer *timer)
{
  guint place = timer->place;

  for (; place > 1 && at(heap, place / 2)->due > timer->due; place /= 2)
    put(heap, place, at(heap, place / 2));
  put(heap, place, timer);
}

static void sink(GPtrArray *heap, RacerTimer *timer)
{
  guint place = timer->place;

  while (place * 2 <= heap->len) {
    guint child = place * 2;
    if (child < heap->len && at(heap, child + 1)->due < at(heap, child)->due)
      child++;
    if (at(heap, child)->due >= timer->due)
      break;
    put(heap, place, at(heap, child));
    place = child;
  }
  put(heap, place, timer);
}

void racer_timers_set(GPtrArray *heap, RacerTimer *timer, gint64 due)
{
  timer->due = due;
  if (timer->place == 0) {
    g_ptr_array_add(heap, timer);
    timer->place = heap->len;
  }
  rise(heap, timer);
  sink(heap, timer);
}

void racer_timers_clear(GPtrArray *heap, RacerTimer *timer)
{
  guint place = timer->place;

  if (place == 0)
    return;
  RacerTimer *last = at(heap, heap->len);
  g_ptr_array_set_size(heap, heap->len - 1);
  timer->place = 0;
  if (last == timer)
    return;
  put(heap, place, last);
  rise(heap, last);
  sink(heap, last);
}

RacerTimer *racer_timers_first(const GPtrArray *heap)
{
  return heap->len ? at(heap, 1) : NULL;
}
