# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What the tests of packages on booted hosts ($NEO_LAB, $LAB) share. Sourced, beside tap.sh; $work is the test's directory.

run() { $LAB run "$@" </dev/null; }
put() { $LAB run "$1" sh -c "mkdir -p ${2%/*} && cat >$2"; }

# each "COMMAND..." HOST...: COMMAND HOST for each host, all at the same time
each() {
  local host pids=() status=0
  for host in "${@:2}"; do
    $1 "$host" >"$work/$host.each" 2>&1 &
    pids+=($!)
  done
  for host in "${@:2}"; do
    wait "${pids[0]}" || { status=1; sed "s/^/$host: /" "$work/$host.each"; }
    pids=("${pids[@]:1}")
  done
  return $status
}

# ---- what a host has ----

# All that a role changes, but for files. Only with what each host has: neither procps nor iptables need to be there.
state() { # HOST
  # shellcheck disable=SC2016  # for the shell there
  run "$1" sh -c '
    ip -4 rule; ip -6 rule
    { ip -4 route show table all; ip -6 route show table all; } | sed "s/ expires [0-9a-z]*//" | sort
    ip -br link | sed "s/@.*//; s/ .*//" | sort
    ip mptcp endpoint | sed "s/ id [0-9]*//" | sort; ip mptcp limits
    ls /run/netns 2>/dev/null
    ! command -v iptables-save >/dev/null || { iptables-save; ip6tables-save; } | sed "/^#/d; /^:[A-Z]* /d; /^\*/d; /^COMMIT/d"
    cd /proc/sys/net && grep -s . ipv4/ip_forward ipv?/conf/*/forwarding ipv?/conf/*/force_forwarding ipv6/conf/*/accept_ra \
      ipv4/conf/*/arp_ignore ipv4/conf/*/arp_announce ipv4/conf/*/rp_filter mptcp/pm_type mptcp/path_manager | grep -v nmptcp
    getent passwd; getent group
    systemctl list-units --all --plain --no-legend "neo*" | cut -d" " -f1'
  programs "$1"
}
programs() { run "$1" sh -c 'readlink /proc/[0-9]*/exe | grep ^/usr/lib/neo/ || true'; } # HOST
# Every file, but what a package manager, systemd and NetworkManager note for themselves, and a directory of procps that was there before it.
files() { # HOST
  { run "$1" find /etc /usr /lib/systemd /run/neo /run/systemd/network /var/lib /var/spool -xdev \( -path /var/lib/dpkg -o -path /var/lib/apt -o -path /var/lib/systemd \
    -o -path /var/lib/NetworkManager -o -name __pycache__ \) -prune -o -printf '%p %y %m\n' 2>/dev/null || true; } | sed '/^\/etc\/sysctl.d d /d' | sort
}
same_state() { state "$1" >"$work/$1.state.now"; diff "$work/$1.state" "$work/$1.state.now"; }
same_files() { files "$1" >"$work/$1.files.now"; diff "$work/$1.files" "$work/$1.files.now" | head -n 60; }
remember() { state "$1" >"$work/$1.state"; files "$1" >"$work/$1.files"; }

nothing_enabled() { is "$(run "$1" systemctl list-unit-files --no-legend --state=enabled 'neo*')" ""; }
none_failed() { is "$(run "$1" systemctl list-units --failed --plain --no-legend)" ""; }
# Rules of paths, rules of relays, namespaces
no_rules() {
  # shellcheck disable=SC2016
  is "$(run "$1" sh -c 'ip rule | grep "proto 78"; ip -6 rule | grep "proto 78"; ! command -v iptables-save >/dev/null || iptables-save | grep neo-; ls /run/netns 2>/dev/null')" ""
}

# ---- packages ----

# send HOST DIR TO: the packages in DIR come to the directory TO there
send() {
  [ -n "$(find "$2" -maxdepth 1 -name '*.deb')" ] || { echo "no package is in $2"; return 1; }
  (cd "$2" && find . -maxdepth 1 -name '*.deb' ! -name '*-dbgsym_*' -print0 | tar --null -T - -cf -) | $LAB run "$1" sh -c "mkdir -p $3 && tar -C $3 -xf -"
}
# The packages of Neo that are installed there, and the one version of them all
installed() { run "$1" dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' 'neo*' 2>/dev/null | sed -n 's/^ii *//p'; }
version_on() { run "$1" dpkg-query -W -f '${Status} ${Version}\n' 'neo*' | sed -n 's/^install ok installed //p' | sort -u; }
# The program of a unit is the one on the disk.
runs_new_program() { not contains deleted <<<"$(run "$1" sh -c "readlink /proc/\$(systemctl show -P MainPID $2)/exe")"; }

# ---- README ----

# block HEADING N: the N-th block of commands of that page of README
block() {
  awk -v page="## $1" -v wanted="$2" '
    /^## / { inside = $0 == page }
    inside && /^```sh$/ { on = ++n == wanted; next }
    /^```$/ { on = 0 }
    on' "$here/../../README.md"
}
