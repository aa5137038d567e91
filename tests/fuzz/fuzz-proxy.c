/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <unistd.h>

#include "systemd-units/proxy-config.h"
#include "systemd-units/proxy-files.h"
#include "tests/fuzz/fuzz-file.h"
#include "tests/fuzz/fuzz.h"

static void parse_config(const uint8_t *data, size_t size)
{
  g_autofree char *path = NULL, *service = NULL;
  g_autoptr(GError) error = NULL;
  int file = fuzz_file(data, size, &path);
  g_autoptr(NeoProxyConfig) config = neo_proxy_config_load(path, NULL, &service, &error);

  g_assert_true((config == NULL) == (error != NULL));
  g_assert_true(config || g_utf8_validate(error->message, -1, NULL));
  /* It becomes a part of a unit's file. */
  g_assert_true(!config || !strpbrk(config->service, "\n\r \t/%"));
  close(file);
}

/* What a DHCP server can write into resolv.conf(5) is given on as addresses only. */
static void parse_nameservers(const uint8_t *data, size_t size)
{
  g_autofree char *text = g_strndup((const char *)data, size);
  g_autoptr(GArray) servers = g_array_new(FALSE, FALSE, sizeof(NeoAddress));

  neo_proxy_nameservers_parse(text, servers);
  for (guint i = 0; i < servers->len; i++) {
    const NeoAddress *server = &g_array_index(servers, NeoAddress, i);
    g_assert_true(server->family == AF_INET || server->family == AF_INET6);
    g_assert_false(neo_address_is_loopback(server));
  }
}

/* An input is the text of a proxy's file, and of resolv.conf(5). */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  parse_config(data, size);
  parse_nameservers(data, size);
  return 0;
}
