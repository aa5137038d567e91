# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The package layer: what the hosts need and this machine does not have.
#
# An overlay upper directory over /, made once by apt in a chroot and kept in $LAYERS under a key of the
# package list and the machine's own package state. Nothing is installed on the machine itself.

LAYERS=/var/cache/neo-lab

# Packages that the laboratory itself uses in a host; what Neo needs is said in debian/control.
LAB_PACKAGES="systemd dbus procps iproute2 iputils-ping curl ethtool tcpdump conntrack python3 iperf3 nginx-light"

layer_packages() {
  local control=$LAB_DIR/../../debian/control

  echo "$LAB_PACKAGES"
  [ -r "$control" ] || return 0
  awk '/^$/ { exit }
       /^[^ \t#]/ { on = tolower($1) == "xs-lab-depends:"; if (on) $1 = "" }
       on { sub(/#.*/, ""); gsub(/,/, " "); gsub(/\([^)]*\)/, ""); print }' "$control"
}

layer_key() {
  { layer_packages | xargs -n1 | sort -u; cat /var/lib/dpkg/status; } | sha256sum | cut -c1-16
}

# Removes layers with another key that no laboratory holds; the caller has the lock.
layer_prune() {
  local key=$1 old

  for old in "$LAYERS"/*/; do
    [ "$old" != "$LAYERS/$key/" ] && [ -e "$old/lock" ] || continue
    flock -xn "$old/lock" rm -rf --one-file-system "$old" || true
  done
}

# Prints the directory of the layer, after building it when it does not exist yet.
layer_ensure() {
  local key build

  key=$(layer_key)
  mkdir -p "$LAYERS"
  exec {build}>"$LAYERS/lock"
  flock "$build"
  if [ ! -d "$LAYERS/$key" ]; then
    say "building the package layer, once for this set of packages: $LAYERS/$key"
    rm -rf --one-file-system "$LAYERS/new"
    mkdir -p "$LAYERS/new/upper" "$LAYERS/new/work" "$LAYERS/new/mount"
    touch "$LAYERS/new/lock"
    if ! setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child --mount-proc \
      "$LAB_DIR/lab" --inside layer_build "$LAYERS/new" >"$LAYERS/log" 2>&1; then
      rm -rf --one-file-system "$LAYERS/new"
      tail -n 15 "$LAYERS/log" >&2
      die "the package layer could not be built; all of the output is in $LAYERS/log"
    fi
    rm -rf --one-file-system "$LAYERS/new/work" "$LAYERS/new/mount"
    mv "$LAYERS/new" "$LAYERS/$key"
    layer_prune "$key"
  fi
  files_ensure
  exec {build}>&-
  echo "$LAYERS/$key"
}

# Runs in mount and pid namespaces of its own.
layer_build() {
  local dir=$1 t=$1/mount packages

  # -n: no note about the mount in /run/mount, which others see.
  mount -n -t tmpfs tmpfs "$t"
  mkdir "$t/none" "$t/base" "$t/root"
  mount_base "$t/none" "$t/base"
  mount -n -t overlay -o "lowerdir=$t/base,upperdir=$dir/upper,workdir=$dir/work" lab "$t/root"
  mount -n --rbind /dev "$t/root/dev"
  mount -n -t proc proc "$t/root/proc"
  mount -n -t tmpfs tmpfs "$t/root/run"
  mount -n -t tmpfs tmpfs "$t/root/tmp"
  printf '#!/bin/sh\nexit 101\n' >"$t/root/usr/sbin/policy-rc.d"
  chmod 755 "$t/root/usr/sbin/policy-rc.d"

  packages=$(layer_packages | xargs)
  [ -n "$(find /var/lib/apt/lists -name '*Packages*' -print -quit)" ] || chroot "$t/root" apt-get -q update
  # shellcheck disable=SC2086  # a list of packages
  DEBIAN_FRONTEND=noninteractive chroot "$t/root" apt-get -q -y --no-install-recommends \
    -o Dpkg::Options::=--force-confold -o Dpkg::Options::=--force-unsafe-io install $packages
  chroot "$t/root" apt-get -q clean
  rm "$t/root/usr/sbin/policy-rc.d"
}
