# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The Internet: a bridge in the namespace inet, and a wire with a delay from it to each host.

internet_up() {
  ip netns add inet
  ip -n inet link set lo up
  ip -n inet link add net0 type bridge mcast_snooping 0
  ip -n inet link set net0 up
  bridge_without_filter inet
  namespace_sysctls inet
  [ "$(<"$F/congestion.inet")" = cubic ] || touch "$F/congestion-by-route"
}

bridge_without_filter() {
  ip netns exec "$1" sysctl -qe -w net.bridge.bridge-nf-call-iptables=0 net.bridge.bridge-nf-call-ip6tables=0 \
    net.bridge.bridge-nf-call-arptables=0
}

wire_default() { case $1 in px) echo delay=15ms ;; ra) echo delay=5ms ;; rb) echo delay=25ms ;; *) echo delay=0ms ;; esac; }

# plug HOST: a fresh network namespace with ens3, connected as it was before.
plug() {
  local host=$1

  unplug "$host"
  ip netns add "$host"
  ip -n "$host" link set lo up
  namespace_sysctls "$host"
  if on_campus "$host"; then
    ip -n campus link add "$host" type veth peer name ens3 netns "$host"
    ip -n campus link set "$host" master lan
    [ -e "$STATE/faults/link-$host" ] || ip -n campus link set "$host" up
  else
    wire_start "$host"
    ip -n inet link set "$host" master net0
    ip -n inet link set "$host" up
  fi
  ip -n "$host" link set ens3 address "$(host_mac "$host")"
}

unplug() {
  local host=$1

  [ -e "/run/netns/$host" ] || return 0
  if on_campus "$host"; then
    ip -n campus link del "$host"
  else
    link_stop "$host"
  fi
  ip netns del "$host"
}

namespace_sysctls() {
  ip netns exec "$1" sysctl -qe -w net.mptcp.enabled=1
  ip netns exec "$1" sysctl -qe -w net.ipv4.tcp_congestion_control=cubic 2>/dev/null || true
  ip netns exec "$1" sysctl -n net.ipv4.tcp_congestion_control >"$F/congestion.$1"
}

wire_start() {
  local host=$1 settings

  settings=$(cat "$STATE/wires/$host" 2>/dev/null || wire_default "$host")
  [ ! -e "$STATE/faults/host-$host" ] || settings+=" cut=1"
  # shellcheck disable=SC2086  # a list of settings
  link_start "$host" $settings
}

# wire_set HOST [SETTING=VALUE...]: prints what the wire then has; kept for the next boot.
wire_set() {
  local host=$1 answer

  shift
  answer=$(link_set "$host" "$@") || return
  sed -n '1s/ cut=.*//p' <<<"$answer" >"$STATE/wires/$host"
  printf '%s\n' "$answer"
}
