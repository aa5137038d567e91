/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "systemd-units/proxy-plan.h"

/** A file that is complete, with networks of its own for the link. */
#define CONFIG "[Proxy]\nService=a.service\nPorts=443\nSubnet=10.9.8.0/24\nSubnet6=fd00:1::/64\n"

/** The address in @text, which must be one. */
NeoAddress sample_address(const char *text);

/** A host with one interface, lo: its index is 1 in every namespace, so its name is known. The caller owns it. */
NeoProxyHost *sample_proxy_host(void);

/** Adds a route of the main table to @host, through the interface with the index @link. */
void sample_proxy_route(NeoProxyHost *host, const char *prefix, guint link);

/** Reads @text as a proxy's file main.conf, as neo_proxy_config_load() does. */
NeoProxyConfig *sample_proxy_config(const char *text, const NeoProxyHost *host, char **ret_service, GError **error);

/** The plan for @text, which must be right, without resolvers. The caller owns it. */
NeoProxyPlan *sample_proxy_plan(const char *text, const NeoProxyHost *host, const NeoProxyPlan *before);
