# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A Debian of its own in a directory, $root, of the release and from the mirrors of this machine. Sourced.

# The essential packages and apt
make_root() {
  local release mirror
  release=$(. /etc/os-release && echo "$VERSION_CODENAME")
  mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' "Codename: $release" | head -n 1)
  rm -rf --one-file-system "$root" "$root.new"
  mkdir -p "${root%/*}"
  debootstrap --variant=minbase "$release" "$root.new" "$mirror"
  apt-get indextargets --format 'deb $(SITE) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 'Origin: Debian' | sort -u >"$root.new/etc/apt/sources.list"
  cp /etc/resolv.conf "$root.new/etc/"
  apt-config dump | grep -E '^Acquire::([a-z]+::Proxy|Check-)' >"$root.new/etc/apt/apt.conf.d/10acquire" || true
  mv "$root.new" "$root"
}

# inside [NAME=VALUE...] COMMAND...: in the root, with no more than it needs of this machine
inside() {
  # shellcheck disable=SC2016  # for the inner shell
  unshare --mount --pid --fork --kill-child sh -ec '
    mount -t proc proc "$1/proc"
    mount --rbind /dev "$1/dev"
    root=$1
    shift
    exec chroot "$root" /usr/bin/env -i ${http_proxy:+"http_proxy=$http_proxy"} HOME=/root LANG=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin \
      DEBIAN_FRONTEND=noninteractive "$@"' sh "$root" "$@"
}
