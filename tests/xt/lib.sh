# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced by the tests of this folder: TAP output, and a private place for namespaces and /run.

# Starts the calling script again where nothing of the host is visible and where all of it ends with it: own mounts (a /run in memory),
# own network, own processes.
enter_private_place() {
  if [ "$(id -u)" != 0 ]; then
    echo "1..0 # SKIP needs root"
    exit 0
  fi
  if [ "${NEO_TEST_PRIVATE:-}" != yes ]; then
    NEO_TEST_PRIVATE=yes exec unshare --mount --net --pid --fork --kill-child --mount-proc "$(realpath "$0")" "$@"
  fi
  mount --make-rprivate /
  mount -t tmpfs tmpfs /run
  work=$(mktemp -d /run/work.XXXXXX)
  ip link set lo up
}

# A directory with the stock extensions and those of the build ($1), as XTABLES_LIBDIR.
make_xtables_dir() {
  local stock dir=$work/xtables
  stock=$(pkg-config --variable=xtlibdir xtables)
  mkdir "$dir"
  ln -s "$stock"/*.so "$dir"/
  ln -sf "$1"/libxt_RELAY.so "$1"/libxt_mptcp.so "$dir"/
  ln -sf "$1"/libxt_RELAY.so "$dir"/libxt_RELAYBACK.so
  export XTABLES_LIBDIR=$dir
}

tap_n=0 tap_failed=0

# A test may define what to show when something fails.
diagnose() {
  :
}

# ok DESCRIPTION COMMAND...: the command succeeds.
ok() {
  local description=$1
  shift
  tap_n=$((tap_n + 1))
  if "$@" >"$work/out" 2>&1; then
    echo "ok $tap_n - $description"
    return
  fi
  echo "not ok $tap_n - $description"
  { cat "$work/out"; diagnose; } 2>&1 | sed 's/^/# /'
  tap_failed=$((tap_failed + 1))
}

# is DESCRIPTION GOT WANTED
is() {
  tap_n=$((tap_n + 1))
  if [ "$2" = "$3" ]; then
    echo "ok $tap_n - $1"
    return
  fi
  echo "not ok $tap_n - $1"
  { printf 'got:    %s\nwanted: %s\n' "$2" "$3"; diagnose; } 2>&1 | sed 's/^/# /'
  tap_failed=$((tap_failed + 1))
}

not() {
  ! "$@"
}

# The last line of a test.
tap_done() {
  echo "1..$tap_n"
  exit $((tap_failed > 0))
}

# wait_for COMMAND...: until it succeeds, at most 10 s.
wait_for() {
  local end=$((SECONDS + 10))
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $end ] || return 1
    read -rt 0.05 <> <(:) || true
  done
}
