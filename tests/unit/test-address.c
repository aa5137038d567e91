/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "common/address.h"

static void test_parse(void)
{
  static const struct { const char *text, *shown; } good[] = {
    { "192.0.2.1", "192.0.2.1" }, { "2001:DB8::1", "2001:db8::1" }, { "[2001:db8::1]", "2001:db8::1" }, { "::", "::" },
  };
  static const char *const bad[] = { "", "192.0.2", "192.0.2.256", "[192.0.2.1]", "example.org", "2001:db8::1%eth0", "[::1", " 192.0.2.1" };
  NeoAddress address;

  for (guint i = 0; i < G_N_ELEMENTS(good); i++) {
    g_assert_true(neo_address_parse(good[i].text, &address));
    g_autofree char *shown = neo_address_to_string(&address);
    g_assert_cmpstr(shown, ==, good[i].shown);
  }
  for (guint i = 0; i < G_N_ELEMENTS(bad); i++)
    g_assert_false(neo_address_parse(bad[i], &address));
}

static void test_prefix(void)
{
  static const char *const bad[] = { "10.0.0.0", "10.0.0.1/24", "10.0.0.0/33", "fd00::1/64", "fd00::/129", "/24", "10.0.0.0/" };
  NeoPrefix prefix;
  NeoAddress address;

  for (guint i = 0; i < G_N_ELEMENTS(bad); i++)
    g_assert_false(neo_prefix_parse(bad[i], &prefix));

  g_assert_true(neo_prefix_parse("10.128.0.0/9", &prefix));
  g_assert_true(neo_address_parse("10.255.0.1", &address));
  g_assert_true(neo_prefix_contains(&prefix, &address));
  g_assert_true(neo_address_parse("10.127.255.255", &address));
  g_assert_false(neo_prefix_contains(&prefix, &address));
  g_assert_true(neo_address_parse("fd00::1", &address));
  g_assert_false(neo_prefix_contains(&prefix, &address));
}

static void test_nth(void)
{
  NeoPrefix prefix;

  g_assert_true(neo_prefix_parse("10.0.0.0/16", &prefix));
  NeoAddress nth = neo_prefix_nth(&prefix, 258);
  g_autofree char *in = neo_address_to_string(&nth);
  g_assert_cmpstr(in, ==, "10.0.1.2");

  g_assert_true(neo_prefix_parse("fd00::/64", &prefix));
  nth = neo_prefix_nth(&prefix, 2);
  g_autofree char *in6 = neo_address_to_string(&nth);
  g_assert_cmpstr(in6, ==, "fd00::2");
}

static void test_sockaddr(void)
{
  struct sockaddr_storage storage;
  NeoAddress address, mapped, back;
  guint16 port = 0;

  g_assert_true(neo_address_parse("192.0.2.1", &address));
  g_assert_cmpuint(neo_address_to_sockaddr(&address, 443, &storage), ==, sizeof(struct sockaddr_in));
  g_assert_true(neo_address_from_sockaddr((struct sockaddr *)&storage, &back, &port));
  g_assert_true(neo_address_equal(&address, &back));
  g_assert_cmpuint(port, ==, 443);

  g_assert_true(neo_address_parse("::ffff:192.0.2.1", &mapped));
  neo_address_to_sockaddr(&mapped, 80, &storage);
  g_assert_true(neo_address_from_sockaddr((struct sockaddr *)&storage, &back, &port));
  g_assert_true(neo_address_equal(&address, &back));

  storage.ss_family = AF_UNIX;
  g_assert_false(neo_address_from_sockaddr((struct sockaddr *)&storage, &back, &port));
}

static void test_kinds(void)
{
  static const struct { const char *text; gboolean loopback, multicast, unspecified, link_local; } cases[] = {
    { "127.1.2.3", TRUE, FALSE, FALSE, FALSE }, { "::1", TRUE, FALSE, FALSE, FALSE },
    { "224.0.0.1", FALSE, TRUE, FALSE, FALSE }, { "239.255.0.1", FALSE, TRUE, FALSE, FALSE }, { "ff02::1", FALSE, TRUE, FALSE, FALSE },
    { "0.0.0.0", FALSE, FALSE, TRUE, FALSE },   { "::", FALSE, FALSE, TRUE, FALSE },
    { "169.254.1.1", FALSE, FALSE, FALSE, TRUE }, { "fe80::1", FALSE, FALSE, FALSE, TRUE },
    { "240.0.0.1", FALSE, FALSE, FALSE, FALSE }, { "fd00::1", FALSE, FALSE, FALSE, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    NeoAddress address;
    g_assert_true(neo_address_parse(cases[i].text, &address));
    g_assert_cmpint(neo_address_is_loopback(&address), ==, cases[i].loopback);
    g_assert_cmpint(neo_address_is_multicast(&address), ==, cases[i].multicast);
    g_assert_cmpint(neo_address_is_unspecified(&address), ==, cases[i].unspecified);
    g_assert_cmpint(neo_address_is_link_local(&address), ==, cases[i].link_local);
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/address/parse", test_parse);
  g_test_add_func("/address/prefix", test_prefix);
  g_test_add_func("/address/nth", test_nth);
  g_test_add_func("/address/sockaddr", test_sockaddr);
  g_test_add_func("/address/kinds", test_kinds);
  return g_test_run();
}
