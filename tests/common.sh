# SPDX-License-Identifier: GPL-2.0-or-later
# What tests/check and tests/demo share. Sourced by both, with $top set to the top of the tree.

die() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

require_host() {
  [ "$(id -u)" = 0 ] || die "must run as root: try sudo $0"
  command -v apt-get >/dev/null && command -v dpkg >/dev/null ||
    die "needs a Debian-like system with apt-get: it installs the packages that debian/control names"
}

# debian/control is the one list of what a build needs. Services that come with a package must not start on this
# machine, so a policy says no for as long as the installation takes (invoke-rc.d(8)).
install_dependencies() {
  if command -v dpkg-checkbuilddeps >/dev/null && (cd "$top" && dpkg-checkbuilddeps 2>/dev/null); then
    return
  fi
  echo "Installing what debian/control names ..."
  local policy=/usr/sbin/policy-rc.d
  if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' > $policy
    chmod 755 $policy
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
  fi
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get build-dep -y -qq --no-install-recommends "$top" >/dev/null ||
    die "apt-get could not install the build dependencies of debian/control"
  if [ "$(trap -p EXIT)" ]; then
    rm -f $policy
    trap - EXIT
  fi
}

# build DIR [MESON OPTION...]: set up or update a build directory and build all of it.
build() {
  local dir=$1
  shift
  if [ -f "$dir/build.ninja" ]; then
    meson setup --reconfigure "$dir" "$top" "$@" >"$dir.log" 2>&1 || { cat "$dir.log"; die "meson setup failed"; }
  else
    mkdir -p "${dir%/*}"
    meson setup "$dir" "$top" "$@" >"$dir.log" 2>&1 || { cat "$dir.log"; die "meson setup failed"; }
  fi
  ninja -C "$dir" >"$dir.log" 2>&1 || { cat "$dir.log"; die "the build failed"; }
}

# stage BUILD ROOT: install a build below ROOT, as a package would. What belongs in /lib goes to /usr/lib: laid over a
# host, a directory /lib would hide the link that /lib is there.
stage() {
  rm -rf "$2"
  DESTDIR=$2 meson install -C "$1" --quiet >/dev/null || die "meson install failed"
  if [ -d "$2/lib" ]; then
    cp -a "$2/lib/." "$2/usr/lib/"
    rm -r "$2/lib"
  fi
}
