/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "racer/endpoint.h"

#include <net/if.h>
#include <string.h>

#include "racer/srv.h"

#define SRV "srv:"
#define EXPECTED "ADDRESS:PORT, [IPV6]:PORT or NAME:PORT or srv:_SERVICE._tcp.DOMAIN, such as 192.0.2.1:443 or proxy.example.org:443"
#define MAX_NAME 253 /* RFC 1035, 2.3.4, without the length bytes */
#define MAX_LABEL 63

static gboolean refuse(NeoConfigProblem *problem, const char *what)
{
  *problem = (NeoConfigProblem){ what, EXPECTED };
  return FALSE;
}

static gboolean is_label(const char *label, gsize length)
{
  if (length == 0 || length > MAX_LABEL || label[0] == '-' || label[length - 1] == '-')
    return FALSE;
  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isalnum(label[i]) && label[i] != '-' && label[i] != '_')
      return FALSE;
  return TRUE;
}

/* A host name (RFC 1123, 2.1). One whose last label is a number would be a mistyped IPv4 address. */
static gboolean is_name(const char *host)
{
  gsize length = strlen(host);
  const char *last = host;

  if (length > MAX_NAME)
    return FALSE;
  for (const char *label = host; label; label = strchr(label, '.') ? strchr(label, '.') + 1 : NULL) {
    if (label > host && *label == '\0')
      break; /* the dot of a fully qualified name */
    if (!is_label(label, strcspn(label, ".")))
      return FALSE;
    last = label;
  }
  return strspn(last, "0123456789.") < strlen(last);
}

static gboolean parse_port(const char *text, guint16 *ret_port, NeoConfigProblem *problem)
{
  guint64 port;

  if (!g_ascii_string_to_unsigned(text, 10, 1, G_MAXUINT16, &port, NULL))
    return refuse(problem, "no port from 1 to 65535 in");
  *ret_port = port;
  return TRUE;
}

static gboolean parse_host(RacerEndpoint *endpoint, const char *host, NeoConfigProblem *problem)
{
  gboolean brackets = host[0] == '[';

  if (!brackets && strchr(host, ':'))
    return refuse(problem, "no brackets around the IPv6 address in");
  if (neo_address_parse(host, &endpoint->address))
    return neo_address_is_multicast(&endpoint->address) ? refuse(problem, "a multicast address in") : TRUE;
  if (brackets || !is_name(host))
    return refuse(problem, "neither an address nor a name in");
  endpoint->host = g_strdup(host);
  return TRUE;
}

/* As the kernel's dev_valid_name(). */
static gboolean is_device(const char *name)
{
  gsize length = strlen(name);

  return length > 0 && length < IFNAMSIZ && !strpbrk(name, "/: \t\n") && !g_str_equal(name, ".") && !g_str_equal(name, "..");
}

static gboolean parse_source(RacerEndpoint *endpoint, const char *source, NeoConfigProblem *problem)
{
  if (!neo_address_parse(source, &endpoint->bind)) {
    if (!is_device(source))
      return refuse(problem, "neither an address nor an interface behind the @ in");
    endpoint->device = g_strdup(source);
    return TRUE;
  }
  if (endpoint->address.family && endpoint->address.family != endpoint->bind.family)
    return refuse(problem, "an address of the other family behind the @ in");
  return TRUE;
}

static gboolean parse_service(RacerEndpoint *endpoint, const char *name, NeoConfigProblem *problem)
{
  if (!racer_srv_is_name(name) || !is_name(name))
    return refuse(problem, "no name of a service in");
  endpoint->srv = g_strdup(name);
  return TRUE;
}

static gboolean parse_where(RacerEndpoint *endpoint, const char *text, NeoConfigProblem *problem)
{
  const char *colon = strrchr(text, ':');

  if (g_str_has_prefix(text, SRV))
    return parse_service(endpoint, text + strlen(SRV), problem);
  if (!colon || (text[0] == '[' && colon[-1] != ']'))
    return refuse(problem, "no port in");
  g_autofree char *host = g_strndup(text, colon - text);
  return parse_host(endpoint, host, problem) && parse_port(colon + 1, &endpoint->port, problem);
}

RacerEndpoint *racer_endpoint_parse(const char *text, NeoConfigProblem *problem)
{
  g_autoptr(RacerEndpoint) endpoint = g_new0(RacerEndpoint, 1);
  const char *at = strrchr(text, '@');
  g_autofree char *where = at ? g_strndup(text, at - text) : g_strdup(text);

  g_atomic_ref_count_init(&endpoint->references);
  if (!parse_where(endpoint, where, problem) || (at && !parse_source(endpoint, at + 1, problem)))
    return NULL;
  endpoint->text = g_strdup(text);
  return g_steal_pointer(&endpoint);
}

RacerEndpoint *racer_endpoint_new_child(RacerEndpoint *parent, const char *host, guint16 port)
{
  RacerEndpoint *endpoint = g_new0(RacerEndpoint, 1);

  g_atomic_ref_count_init(&endpoint->references);
  endpoint->text = g_strdup_printf("%s:%u", host, port);
  endpoint->host = g_strdup(host);
  endpoint->port = port;
  endpoint->bind = parent->bind;
  endpoint->device = g_strdup(parent->device);
  endpoint->parent = racer_endpoint_ref(parent);
  return endpoint;
}

gboolean racer_endpoint_same_source(const RacerEndpoint *a, const RacerEndpoint *b)
{
  return neo_address_equal(&a->bind, &b->bind) && g_strcmp0(a->device, b->device) == 0;
}

void racer_endpoint_won(RacerEndpoint *endpoint, guint connect_usec)
{
  for (; endpoint; endpoint = endpoint->parent) {
    g_atomic_int_set(&endpoint->connect_usec, MIN(connect_usec, G_MAXINT));
    g_atomic_int_inc(&endpoint->won);
  }
}

void racer_endpoint_failed(RacerEndpoint *endpoint)
{
  for (; endpoint; endpoint = endpoint->parent)
    g_atomic_int_inc(&endpoint->failed);
}

RacerEndpoint *racer_endpoint_ref(RacerEndpoint *endpoint)
{
  g_atomic_ref_count_inc(&endpoint->references);
  return endpoint;
}

void racer_endpoint_unref(RacerEndpoint *endpoint)
{
  if (!g_atomic_ref_count_dec(&endpoint->references))
    return;
  g_clear_pointer(&endpoint->parent, racer_endpoint_unref);
  g_free(endpoint->text);
  g_free(endpoint->host);
  g_free(endpoint->srv);
  g_free(endpoint->device);
  g_free(endpoint);
}
