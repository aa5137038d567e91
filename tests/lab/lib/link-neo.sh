# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A link of the Internet by neo-wire: a TAP at each end, and a process that carries the frames (wire.c).
# link-netem.sh has the same functions.

link_text() { echo "neo-wire"; }

link_check() {
  local place

  for place in "$BUILD/neo-wire" "$BUILD/tests/lab/neo-wire" "$(command -v neo-wire || true)"; do
    [ ! -x "$place" ] || { WIRE=$place; return; }
  done
  die "neo-wire is missing${BUILD:+ in $BUILD}; it is built by meson, and --build DIR says where"
}

# link_start HOST SETTING=VALUE...: ens3 in the host's namespace, and an interface of the host's name in inet.
link_start() {
  daemon "wire.$1" "$STATE/log" "$WIRE" run "$F/wire.$1" "/run/netns/$1" ens3 /run/netns/inet "$1" "${@:2}"
  wait_for 5 [ -S "$F/wire.$1" ] || die "the wire of $1 did not start: $(tail -n 1 "$STATE/log")"
}

link_stop() {
  daemon_stop "wire.$1"
  rm "$F/wire.$1"
}

# link_set HOST [SETTING=VALUE...]: all or none; prints the settings, then a line of counters for each direction.
link_set() { "$WIRE" set "$F/wire.$1" "${@:2}"; }
