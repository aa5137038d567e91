# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What the tests of paths on booted hosts share: looks at a host of the laboratory $NEO_LAB, and a transfer under way.
# Sourced, with $here set to this directory, after tests/tap.sh.

lab_tool=$here/lab
lab=${NEO_LAB:-lab}
work=$(mktemp -d)
export WAIT_S=${WAIT_S:-60}

on() { "$lab_tool" --name "$lab" run "$@"; } # HOST COMMAND...: with standard input
run() { on "$@" </dev/null; }
lab() { "$lab_tool" --name "$lab" "$@"; }
is_up() { run "$1" true 2>/dev/null; }
same() { diff "$1" "$2"; }

address() { run "$1" ip -4 -o addr show dev "$2" | sed -n 's/.* inet \([0-9.]*\).*/\1/p'; } # HOST INTERFACE
main_pid() { run "$1" systemctl show -P MainPID neo-pathd; }
status_says() { run "$1" systemctl show -P StatusText neo-pathd | grep -F -- "$2"; }

# journal_says HOST TEXT: since the host was booted
journal_says() { run "$1" journalctl -b -o cat -t neo-dispatcher -t neo-pathd -t neo-network-generator | contains -- "$2"; }

# complete HOST COUNT [FAMILY]: that many paths with rules; for as many as the kernel takes, an MPTCP endpoint
complete() {
  local rules endpoints want=$2
  rules=$(run "$1" ip -4 rule | grep -cP '^7800:.*lookup 10\d\d proto 78') || true
  endpoints=$(run "$1" ip mptcp endpoint | grep -c '^198.51.100.* subflow dev neo[1-9]') || true
  [ "$want" -le 8 ] || want=8
  is "$rules rules $endpoints endpoints" "$2 rules $want endpoints"
}

# path_complete HOST N: rules, MPTCP endpoint and route of the IPv4 address
path_complete() {
  local a
  a=$(address "$1" neo"$2")
  [ -n "$a" ] || { echo "neo$2 has no address"; return 1; }
  run "$1" ip -4 rule >"$work/rules"
  run "$1" ip mptcp endpoint >"$work/endpoints"
  grep "^7800:.from $a lookup 100$2 proto 78" "$work/rules" &&
    grep "^7802:.from all oif neo$2 lookup 100$2 proto 78" "$work/rules" &&
    grep "^$a id .* subflow dev neo$2" "$work/endpoints" &&
    run "$1" ip route get 192.0.2.1 from "$a" | grep "dev neo$2 table 100$2"
}

# What Neo has on a host, with the numbers of the MPTCP endpoints: one that went and came has another.
# IPv4 only: networkd 252 gives its DHCPv6 leases back when it restarts.
own_state() { run "$1" bash -c 'ip -4 rule; ip mptcp endpoint | grep "^[0-9.]* id" || true; ip mptcp limits'; }
unchanged() { own_state "$1" >"$work/now" && same "$work/complete" "$work/now"; }

# The card's own address carries the first subflow; MPTCP endpoints for it would take the places of paths.
free_places() {
  run gw nmcli connection modify ens3 connection.mptcp-flags disabled
  run gw nmcli device reapply ens3 >/dev/null
  wait_for no_endpoints gw
}
no_endpoints() { is "$(run "$1" ip mptcp endpoint)" ""; }
places_as_before() { run gw nmcli connection modify ens3 connection.mptcp-flags default; run gw nmcli connection up ens3; }

# --- a transfer from px, by MPTCP ---

# A racer stands before it, as in the namespace of a proxy.
transfer_serve() {
  on px sh -c 'cat >/root/transfer' <"$here/transfer"
  on px sh -c 'cat >/run/test-front.conf' <<<$'[Racer]\nListen=[::]:5001\nListenMptcp=yes\nEndpoints=127.0.0.1:5002\nMptcp=no'
  run px systemd-run -q -u test-accept -p Type=notify /usr/lib/neo/neo-pathd --accept
  run px systemd-run -q -u test-transfer python3 /root/transfer serve 5002
  run px systemd-run -q -u test-front -p Type=notify /usr/lib/neo/neo-racer --config=/run/test-front.conf
  wait_for serves
}
serves() { is "$(run px ss -tlnH '( sport = :5001 or sport = :5002 )' | wc -l)" 2; }
transfer_stop_serving() { run px sh -c 'systemctl stop test-front test-transfer test-accept; rm -f /root/transfer /run/test-front.conf'; }

# transfer_begin HOST ADDRESS: reads until transfer_end
transfer_begin() {
  on "$1" sh -c 'cat >/root/transfer' <"$here/transfer"
  exec {transfer_in}> >(exec "$lab_tool" --name "$lab" run "$1" python3 /root/transfer fetch "$2" 5001 >"$work/transfer" 2>&1)
  transfer_pid=$!
}
transfer_mark() { echo >&"$transfer_in"; }
transfer_end() { # leaves its report in $work/transfer; its exit code says whether all bytes came
  local status=0
  exec {transfer_in}>&-
  wait "$transfer_pid" || status=$?
  cat "$work/transfer"
  return $status
}
transfer_report() { sed "s/^/# $1: /" "$work/transfer"; }

# Local addresses of established subflows
carriers() {
  run "$1" ss -tnH state established '( dport = :5001 )' | awk '{ sub(/:[0-9]+$/, "", $3); sub(/%.*/, "", $3); gsub(/[][]/, "", $3); sub(/^::ffff:/, "", $3); print $3 }' | sort -u
}
carriers_are() { # HOST COUNT
  local n
  n=$(carriers "$1" | wc -l)
  is "$n" "$2" || { carriers "$1"; return 1; }
}
is_carrier() { carriers "$1" | grep -xF "$2"; }
