/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/error.h"
#include "tests/unit/config-sample.h"

static void check_sample(gpointer data, NeoConfigReport *report)
{
  Sample *sample = data;

  if (sample->count == 13)
    neo_config_report(report, "Count", "13", "unlucky number", "another");
  if (neo_config_report_has(report, "On") && !neo_config_report_has(report, "Name"))
    neo_config_report(report, "Name", NULL, "missing beside On=", "a name");
}

static const NeoConfigSchema schema = { "Sample", sample_keys, .check = check_sample };

static void test_good(void)
{
  static const char text[] =
    "# a comment\n; another\n\n  [Sample]\nOn = yes\nCount=250\nMode=join\nTimeout=2min\nName= a b  \n"
    "Address=[2001:db8::1]\nSubnet=10.0.0.0/8\nAddresses=192.0.2.1, 2001:db8::2 \\\n  192.0.2.3\nAddresses=192.0.2.4\n"
    "Ports=443 8443\nNames=x,y\n";
  g_auto(Sample) sample = { 0 };
  g_autoptr(GError) error = NULL;

  neo_config_parse("f", text, &schema, &sample, &error);
  g_assert_no_error(error);
  g_assert_true(sample.on);
  g_assert_cmpuint(sample.count, ==, 250);
  g_assert_cmpuint(sample.mode, ==, 1);
  g_assert_cmpuint(sample.timeout, ==, 120000);
  g_assert_cmpstr(sample.name, ==, "a b");
  g_assert_cmpint(sample.address.family, ==, AF_INET6);
  g_assert_cmpuint(sample.subnet.length, ==, 8);
  g_assert_cmpuint(sample.addresses->len, ==, 4);
  g_assert_cmpuint(g_array_index(sample.ports, guint16, 1), ==, 8443);
  g_assert_cmpstr(sample.names->pdata[1], ==, "y");
}

static void test_bad(void)
{
  static const struct { const char *text, *message; } cases[] = {
    { "[Sample]\nCout=1\n", "f:2: Cout: unknown key; expected one of On, Count, Mode, Timeout, Name, Address, Subnet, Addresses, Ports, Names" },
    { "[Sample]\nCount=0\n", "f:2: Count: not in range \"0\"; expected a number from 1 to 250" },
    { "[Sample]\nCount=251\n", "f:2: Count: not in range \"251\"; expected a number from 1 to 250" },
    { "[Sample]\nCount=-1\n", "f:2: Count: not in range \"-1\"; expected a number from 1 to 250" },
    { "[Sample]\nOn=maybe\n", "f:2: On: not a boolean \"maybe\"; expected yes or no" },
    { "[Sample]\nMode=udp\n", "f:2: Mode: unknown value \"udp\"; expected one of mptcp, join, tcp" },
    { "[Sample]\nTimeout=5d\n", "f:2: Timeout: not a time \"5d\"; expected a time such as 200ms, 5s, 2min or 1h" },
    { "[Sample]\nTimeout=99999999999h\n", "f:2: Timeout: not a time \"99999999999h\"; expected a time such as 200ms, 5s, 2min or 1h" },
    { "[Sample]\nAddress=1.2.3\n", "f:2: Address: not an address \"1.2.3\"; expected an IPv4 or IPv6 address such as 192.0.2.1 or 2001:db8::1" },
    { "[Sample]\nSubnet=10.0.0.1/8\n", "f:2: Subnet: not a network \"10.0.0.1/8\"; expected a network without host bits, such as 10.0.0.0/24 or fd00::/64" },
    { "[Sample]\nPorts=443 0 65536\n", "f:2: Ports: not a port \"0\"; expected a port from 1 to 65535\nf:2: Ports: not a port \"65536\"; expected a port from 1 to 65535" },
    { "[Sample]\nCount=1\nCount=2\n", "f:3: Count: given twice (first in line 2); expected once" },
    { "[Sample]\nCount=\n", "f:2: Count: no value; expected one, or no such line" },
    { "[Sample]\nCount\n", "f:2: line: no \"=\" in \"Count\"; expected Key=value" },
    { "[Simple]\nCount=1\n", "f:1: section: unknown \"Simple\"; expected Sample" },
    { "[Sample\nCount=1\n", "f:1: section: not closed in \"[Sample\"; expected [Sample]" },
    { "Count=1\n[Sample]\n", "f:1: section: none before \"Count=1\"; expected Sample" },
    { "[Sample]\nCount=13\n", "f:2: Count: unlucky number \"13\"; expected another" },
    { "[Sample]\nOn=1\n", "f: Name: missing beside On=; expected a name" },
    { "[Sample]\nName=\xff\n", "f:2: Name: not UTF-8 \"\\357\\277\\275\"; expected text" },
    { "[Sample]\nAddresses=1.1.1.1 \\\nx\nCount=0\n", "f:2: Addresses: not an address \"x\"; expected an IPv4 or IPv6 address such as 192.0.2.1 or 2001:db8::1\n"
                                                     "f:4: Count: not in range \"0\"; expected a number from 1 to 250" },
  };

  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_auto(Sample) sample = { 0 };
    g_autoptr(GError) error = NULL;
    g_assert_false(neo_config_parse("f", cases[i].text, &schema, &sample, &error));
    g_assert_error(error, NEO_ERROR, NEO_ERROR_CONFIG);
    g_assert_cmpstr(error->message, ==, cases[i].message);
    g_assert_cmpint(neo_error_exit_code(error), ==, 78);
  }
}

static void test_required(void)
{
  static const NeoConfigKey required[] = { { "Count", neo_config_uint, offsetof(Sample, count), NEO_CONFIG_REQUIRED, .min = 0, .max = 9 }, { NULL } };
  static const NeoConfigSchema strict = { "Sample", required };
  g_auto(Sample) sample = { 0 };
  g_autoptr(GError) error = NULL;

  g_assert_false(neo_config_parse("f", "", &strict, &sample, &error));
  g_assert_cmpstr(error->message, ==, "f: Count: missing; expected a line Count=... in section [Sample]");
}

static const NeoConfigKey grown_keys[] = {
  { "Number", .instead = "Count" },
  { "Count", neo_config_uint, offsetof(Sample, count), NEO_CONFIG_REQUIRED, .min = 1, .max = 9 },
  { NULL },
};
static const NeoConfigSchema grown = { "Sample", grown_keys };

static void test_removed(void)
{
  g_auto(Sample) sample = { 0 };
  g_autoptr(GError) error = NULL;

  g_test_expect_message("neo", G_LOG_LEVEL_WARNING, "f:2: Number: was removed; read as Count, which took its place");
  neo_config_parse("f", "[Sample]\nNumber=4\n", &grown, &sample, &error);
  g_test_assert_expected_messages();
  g_assert_no_error(error);
  g_assert_cmpuint(sample.count, ==, 4);
}

/* What is wrong with it is said with the name that it has now. */
static void test_removed_and_bad(void)
{
  static const struct { const char *text, *message; } cases[] = {
    { "[Sample]\nNumber=10\n", "f:2: Count: not in range \"10\"; expected a number from 1 to 9" },
    { "[Sample]\nNumber=\n", "f:2: Count: no value; expected one, or no such line" },
    { "[Sample]\nCount=1\nNumber=2\n", "f:3: Count: given twice (first in line 2); expected once" },
    { "[Sample]\nNumber=2\nNumbr=1\n", "f:3: Numbr: unknown key; expected one of Count" },
  };

  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_auto(Sample) sample = { 0 };
    g_autoptr(GError) error = NULL;
    g_test_expect_message("neo", G_LOG_LEVEL_WARNING, "f:*: Number: was removed; read as Count, *");
    g_assert_false(neo_config_parse("f", cases[i].text, &grown, &sample, &error));
    g_test_assert_expected_messages();
    g_assert_cmpstr(error->message, ==, cases[i].message);
  }
}

static void test_foreign(void)
{
  static const NeoConfigSchema loose = { "Sample", sample_keys, .foreign_sections = TRUE };
  g_auto(Sample) sample = { 0 };
  g_autoptr(GError) error = NULL;

  neo_config_parse("f", "[Match]\nName=x\n[Sample]\nCount=4\n[Network]\nDHCP=yes\n", &loose, &sample, &error);
  g_assert_no_error(error);
  g_assert_cmpuint(sample.count, ==, 4);
}

static void test_files(void)
{
  static const struct { const char *path, *message; } cases[] = {
    { "/nonexistent/x.conf", "/nonexistent/x.conf: no such file; expected a readable configuration file" },
    { "/dev/zero", "/dev/zero: not a regular file; expected a readable configuration file" },
  };

  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_auto(Sample) sample = { 0 };
    g_autoptr(GError) error = NULL;
    g_assert_false(neo_config_load(cases[i].path, &schema, &sample, &error));
    g_assert_error(error, NEO_ERROR, NEO_ERROR_CONFIG);
    g_assert_cmpstr(error->message, ==, cases[i].message);
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/config/good", test_good);
  g_test_add_func("/config/bad", test_bad);
  g_test_add_func("/config/required", test_required);
  g_test_add_func("/config/removed", test_removed);
  g_test_add_func("/config/removed-and-bad", test_removed_and_bad);
  g_test_add_func("/config/foreign-sections", test_foreign);
  g_test_add_func("/config/files", test_files);
  return g_test_run();
}
