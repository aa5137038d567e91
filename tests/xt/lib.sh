# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Sourced by the tests of this folder: a private place for namespaces and /run, and the extensions of the build.

# Starts the calling script again where nothing of the host is visible and where all of it ends with it: own mounts (a /run in memory),
# own network, own processes.
enter_private_place() {
  [ "$(id -u)" = 0 ] || skip_all "needs root"
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
