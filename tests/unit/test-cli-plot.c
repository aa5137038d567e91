/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/plot-svg.h"

static void add_subflow(NeoStatusConnection *connection, const char *interface, gboolean relay, double rate)
{
  NeoStatusSubflow subflow = { .relay = relay, .traffic = { 0, 0, rate, rate < 0 ? -1 : 0 } };

  g_strlcpy(subflow.interface, interface, sizeof subflow.interface);
  g_array_append_val(connection->subflows, subflow);
}

static void add_sample(NeoPlotData *data, double seconds, const char *const *interfaces, const double *rates, guint n)
{
  g_autoptr(NeoStatus) status = neo_status_new();
  NeoStatusConnection *connection = neo_status_connection_new();

  for (guint i = 0; i < n; i++)
    add_subflow(connection, *interfaces[i] == '*' ? interfaces[i] + 1 : interfaces[i], *interfaces[i] == '*', rates[i]);
  g_ptr_array_add(status->connections, connection);
  neo_plot_data_add(data, status, data->start + seconds * G_USEC_PER_SEC);
}

static void assert_series(const NeoPlotData *data, guint i, const char *name, gboolean relay, const double *rates)
{
  const NeoPlotSeries *series = data->series->pdata[i];

  g_assert_cmpstr(series->name, ==, name);
  g_assert_cmpint(series->relay, ==, relay);
  g_assert_cmpuint(series->rates->len, ==, data->ends->len);
  for (guint k = 0; k < data->ends->len; k++)
    g_assert_cmpfloat_with_epsilon(g_array_index(series->rates, double, k), rates[k], 1e-6);
}

static void test_data(void)
{
  g_autoptr(NeoPlotData) data = neo_plot_data_new(5000000);

  g_assert_cmpfloat(neo_plot_data_duration(data), ==, 0);
  add_sample(data, 1, (const char *const[]){ "neo10", "neo2", "neo2" }, (const double[]){ 10, 20, 5 }, 3);
  add_sample(data, 2, NULL, NULL, 0);
  /* One without an address of this host any more; one whose rate was not measured. */
  add_sample(data, 4, (const char *const[]){ "*neo2", "", "neo2" }, (const double[]){ 7, 1, -1 }, 3);
  g_assert_cmpuint(data->series->len, ==, 4);
  assert_series(data, 0, "neo2", FALSE, (const double[]){ 25, 0, 0 });
  assert_series(data, 1, "neo2", TRUE, (const double[]){ 0, 0, 7 });
  assert_series(data, 2, "neo10", FALSE, (const double[]){ 10, 0, 0 });
  assert_series(data, 3, "other", FALSE, (const double[]){ 0, 0, 1 });
  g_assert_cmpfloat(neo_plot_data_duration(data), ==, 4);
  g_assert_cmpfloat(neo_plot_data_bytes(data, data->series->pdata[1]), ==, 14);
}

/* Paths that come and go at random; always the same ones. */
static NeoPlotData *random_data(guint samples, guint paths, double interval)
{
  NeoPlotData *data = neo_plot_data_new(0);
  g_autoptr(GRand) random = g_rand_new_with_seed(samples * 1000 + paths);

  for (guint k = 1; k <= samples; k++) {
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autofree double *rates = g_new(double, paths + 1);
    for (guint i = 0; i < paths; i++)
      if (g_rand_boolean(random)) {
        rates[names->len] = g_rand_double_range(random, 0, 3e6);
        g_ptr_array_add(names, g_strdup_printf("%sneo%u", i % 3 ? "" : "*", i / 2));
      }
    add_sample(data, k * interval, (const char *const *)names->pdata, rates, names->len);
  }
  return data;
}

static void test_reduce(void)
{
  for (guint samples = 0; samples < 40; samples++)
    for (guint max = 1; max < 12; max++) {
      g_autoptr(NeoPlotData) data = random_data(samples, 3, 0.25), reduced = neo_plot_data_reduce(data, max);
      g_assert_cmpuint(reduced->ends->len, <=, max);
      g_assert_cmpuint(reduced->series->len, ==, data->series->len);
      g_assert_cmpfloat(neo_plot_data_duration(reduced), ==, neo_plot_data_duration(data));
      for (guint i = 0; i < data->series->len; i++)
        g_assert_cmpfloat_with_epsilon(neo_plot_data_bytes(reduced, reduced->series->pdata[i]), neo_plot_data_bytes(data, data->series->pdata[i]), 0.1);
    }
}

/* What a reader of the picture sees: areas in the order of series, and how far the axes go. */
typedef struct {
  GArray *areas;  /* double: square pixels */
  double top, bottom, left, right;
  double max_label; /* of the rate axis */
  GString *text;
  gboolean in_areas;
} Picture;

static double area_of(const char *d)
{
  double area = 0, x, y, first_x = 0, first_y = 0, last_x = 0, last_y = 0;

  for (gboolean first = TRUE; *d != 'Z'; first = FALSE) {
    char *end;
    g_assert_true(*d == (first ? 'M' : 'L'));
    x = g_ascii_strtod(d + 1, &end);
    y = g_ascii_strtod(end, &end);
    d = end;
    if (first)
      first_x = x, first_y = y;
    else
      area += (last_x * y - x * last_y) / 2;
    last_x = x;
    last_y = y;
  }
  return fabs(area + (last_x * first_y - first_x * last_y) / 2);
}

static void start_element(GMarkupParseContext *context, const char *element, const char **names, const char **values, gpointer data, GError **error)
{
  Picture *picture = data;
  const char *class = "", *d = NULL;

  for (guint i = 0; names[i]; i++) {
    if (g_str_equal(names[i], "class"))
      class = values[i];
    if (g_str_equal(names[i], "d"))
      d = values[i];
  }
  if (g_str_equal(class, "area"))
    picture->in_areas = TRUE;
  if (g_str_equal(class, "axis"))
    g_assert_cmpint(sscanf(d, "M%lf %lfH%lf", &picture->left, &picture->bottom, &picture->right), ==, 3);
  if (g_str_equal(class, "grid"))
    g_assert_cmpint(sscanf(d, "M%*f %lf", &picture->top), ==, 1);
  if (picture->in_areas && d) {
    double area = area_of(d);
    g_array_append_val(picture->areas, area);
  }
}

static void end_element(GMarkupParseContext *context, const char *element, gpointer data, GError **error)
{
  if (g_str_equal(element, "g"))
    ((Picture *)data)->in_areas = FALSE;
}

static void take_text(GMarkupParseContext *context, const char *text, gsize length, gpointer data, GError **error)
{
  g_string_append_len(((Picture *)data)->text, text, length);
  g_string_append_c(((Picture *)data)->text, '|');
}

static Picture read_picture(const char *svg)
{
  static const GMarkupParser parser = { .start_element = start_element, .end_element = end_element, .text = take_text };
  Picture picture = { .areas = g_array_new(FALSE, FALSE, sizeof(double)), .text = g_string_new(NULL) };
  g_autoptr(GMarkupParseContext) context = g_markup_parse_context_new(&parser, 0, &picture, NULL);
  g_autoptr(GError) error = NULL;

  g_markup_parse_context_parse(context, svg, -1, &error);
  g_assert_no_error(error);
  g_markup_parse_context_end_parse(context, &error);
  g_assert_no_error(error);
  return picture;
}

static void clear_picture(Picture *picture)
{
  g_array_unref(picture->areas);
  g_string_free(picture->text, TRUE);
}

/* The area of each series stands to the others, and to the whole, as its bytes do. */
static void check_areas(guint samples, guint paths, guint width, guint height)
{
  g_autoptr(NeoPlotData) data = random_data(samples, paths, 0.25);
  g_autofree char *svg = neo_plot_to_svg(data, width, height, "Areas");
  Picture picture = read_picture(svg);
  double all = 0, bytes = 0;

  g_assert_cmpuint(picture.areas->len, ==, data->series->len);
  for (guint i = 0; i < data->series->len; i++) {
    all += g_array_index(picture.areas, double, i);
    bytes += neo_plot_data_bytes(data, data->series->pdata[i]);
  }
  for (guint i = 0; i < data->series->len; i++)
    g_assert_cmpfloat_with_epsilon(g_array_index(picture.areas, double, i) / all, neo_plot_data_bytes(data, data->series->pdata[i]) / bytes, 0.01);
  g_assert_cmpfloat(all, <=, (picture.right - picture.left) * (picture.bottom - picture.top));
  g_assert_cmpfloat(picture.bottom - picture.top, >=, height / 3.0 - 40);
  clear_picture(&picture);
}

static void test_areas(void)
{
  check_areas(1, 1, 800, 400);
  check_areas(80, 3, 800, 400);
  check_areas(80, 12, 1600, 600);
  check_areas(40, 100, 320, 240);
  check_areas(720, 8, 800, 400);
}

/* 12 Mbit/s of 20 that the axis shows, for all of the time. */
static void test_scale(void)
{
  g_autoptr(NeoPlotData) data = neo_plot_data_new(0);

  for (guint i = 1; i <= 8; i++)
    add_sample(data, i, (const char *const[]){ "neo1", "*neo1" }, (const double[]){ 1e6, 5e5 }, 2);
  g_autofree char *svg = neo_plot_to_svg(data, 800, 400, "<&>");
  Picture picture = read_picture(svg);
  double frame = (picture.right - picture.left) * (picture.bottom - picture.top);
  g_assert_nonnull(strstr(picture.text->str, "<&>|"));
  g_assert_nonnull(strstr(picture.text->str, "|12.0 MB in 8.0 s, mean 12.0 Mbit/s; striped: by relays|"));
  g_assert_nonnull(strstr(picture.text->str, "|neo1|"));
  g_assert_nonnull(strstr(picture.text->str, "|neo1 by relay|"));
  g_assert_nonnull(strstr(picture.text->str, "|8.0 Mbit/s|"));
  g_assert_nonnull(strstr(picture.text->str, "|4.0 Mbit/s|"));
  g_assert_nonnull(strstr(picture.text->str, "|15|"));
  g_assert_nonnull(strstr(picture.text->str, "|Mbit/s|"));
  g_assert_cmpfloat_with_epsilon(g_array_index(picture.areas, double, 0) / frame, 8 / 15.0, 0.001);
  g_assert_cmpfloat_with_epsilon(g_array_index(picture.areas, double, 1) / frame, 4 / 15.0, 0.001);
  clear_picture(&picture);
}

/* The same bytes have the same area wherever they are: at either edge, next to it, by relay. */
static void test_edges(void)
{
  g_autoptr(NeoPlotData) data = neo_plot_data_new(0);
  static const char *const names[] = { "first", "*first", "second", "last" };

  for (guint i = 0; i < 4; i++)
    add_sample(data, i + 1, &names[i], (const double[]){ 1e6 }, 1);
  g_autofree char *svg = neo_plot_to_svg(data, 800, 400, "Edges");
  Picture picture = read_picture(svg);
  double frame = (picture.right - picture.left) * (picture.bottom - picture.top);
  for (guint i = 0; i < 4; i++)
    g_assert_cmpfloat_with_epsilon(g_array_index(picture.areas, double, i) / frame, 1 / 4.0, 0.002);
  clear_picture(&picture);
}

static void test_text(void)
{
  g_autoptr(NeoPlotData) data = neo_plot_data_new(0);
  g_autofree char *empty = neo_plot_to_svg(data, NEO_PLOT_MIN_WIDTH, NEO_PLOT_MIN_HEIGHT, "");
  Picture nothing = read_picture(empty);

  g_assert_nonnull(strstr(nothing.text->str, "|No subflow was open.|"));
  clear_picture(&nothing);
  add_sample(data, 1, (const char *const[]){ "<\"&'>" }, (const double[]){ 1 }, 1);
  g_autofree char *odd = neo_plot_to_svg(data, 800, 400, "\x01\x1b\xff \xef\xbf\xbe </title>");
  Picture picture = read_picture(odd);
  g_assert_nonnull(strstr(picture.text->str, "|??\xef\xbf\xbd \xef\xbf\xbd </title>|"));
  g_assert_nonnull(strstr(picture.text->str, "|<\"&'>|"));
  clear_picture(&picture);
}

static void test_many(void)
{
  g_autoptr(NeoPlotData) data = random_data(20, 64, 1);
  g_autofree char *svg = neo_plot_to_svg(data, 320, 240, "Many");
  Picture picture = read_picture(svg);

  g_assert_nonnull(strstr(picture.text->str, " more|"));
  clear_picture(&picture);
  /* However many samples, no more than there are pixels. */
  g_autoptr(NeoPlotData) few = random_data(400, 2, 0.25), lots = random_data(8000, 2, 0.25);
  g_autofree char *small = neo_plot_to_svg(few, 800, 400, ""), *large = neo_plot_to_svg(lots, 800, 400, "");
  g_assert_cmpuint(strlen(large), <, 2 * strlen(small));
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/plot/data", test_data);
  g_test_add_func("/plot/reduce", test_reduce);
  g_test_add_func("/plot/areas", test_areas);
  g_test_add_func("/plot/scale", test_scale);
  g_test_add_func("/plot/edges", test_edges);
  g_test_add_func("/plot/text", test_text);
  g_test_add_func("/plot/many", test_many);
  return g_test_run();
}
