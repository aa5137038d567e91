/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>
#include <unistd.h>

#include "systemd-units/proxy-config.h"
#include "systemd-units/proxy-files.h"
#include "systemd-units/proxy-host.h"
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

/* The payload of a message of the kernel, in memory of just its size. */
static void parse_message(const uint8_t *data, size_t size)
{
  g_autofree struct nlmsghdr *message = g_malloc0(NLMSG_ALIGN(sizeof *message + size));
  g_autoptr(NeoProxyHost) host = neo_proxy_host_new();
  NeoPrefix prefix = { { .family = AF_INET, .bytes = { 10 } }, 30 };
  NeoProxyRoute route;
  NeoProxyHostAddress address;

  message->nlmsg_len = sizeof *message + size;
  memcpy(mnl_nlmsg_get_payload(message), data, size);
  if (neo_proxy_parse_route(message, &route))
    g_array_append_val(host->routes, route);
  if (neo_proxy_parse_address(message, &address))
    g_array_append_val(host->addresses, address);
  neo_proxy_host_overlap(host, &prefix);
  g_autoptr(GArray) public = neo_proxy_host_public(host);
  g_assert_cmpuint(public->len, <=, 1);
}

/* An input is the text of a proxy's file, and of resolv.conf(5), or after a byte of zero the payload of a message. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  if (size && !data[0]) {
    parse_message(data + 1, size - 1);
    return 0;
  }
  parse_config(data, size);
  parse_nameservers(data, size);
  return 0;
}
