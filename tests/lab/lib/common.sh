# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Words that every part uses: messages, waiting for a state, processes that cannot be confused with others.

say() { printf 'lab: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }
usage_error() { say "$*"; say "\"lab help\" explains the commands"; exit 2; }

# need TOOL PACKAGE: one line that names what is missing.
need() { command -v "$1" >/dev/null || die "$1 is missing; it is in the package $2"; }

need_tools() {
	[ "$(id -u)" = 0 ] || die "needs root: namespaces, mounts and cgroups are made"
	need ip iproute2
	need nft nftables
	need dnsmasq dnsmasq-base
	need systemd-nspawn systemd-container
	need setpriv util-linux
	need flock util-linux
	[ -c /dev/net/tun ] || die "/dev/net/tun is missing; the kernel needs CONFIG_TUN"
	grep -qw overlay /proc/filesystems || modprobe -q overlay || die "the kernel has no overlay file system"
}

# pause SECONDS: waits without a process; only inside bounded polling of a state.
pause() {
	[ -n "${PAUSE_FD-}" ] || exec {PAUSE_FD}<> <(:)
	read -r -t "$1" -u "$PAUSE_FD" || true
}

# wait_for SECONDS COMMAND...: polls a state every 20 ms.
wait_for() {
	local tries=$(($1 * 50))

	shift
	while ! "$@"; do
		[ "$((tries--))" -gt 0 ] || return 1
		pause 0.02
	done
}

# identity PID: "PID STARTTIME", which no other process ever has; empty when there is no such process.
identity() {
	local stat

	{ read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 0
	# shellcheck disable=SC2086  # split into fields; the name in brackets may hold blanks
	set -- "$1" ${stat##*) }
	[ "$2" = Z ] || echo "$1 ${21}"
}

# alive "PID STARTTIME"
alive() {
	local pid=${1%% *}

	[ -n "$pid" ] && [ "$(identity "$pid")" = "$1" ]
}

# The cgroup2 mount point differs between machines.
cgroup2() { awk '{ for (i = 7; $i != "-"; i++); if ($(i + 1) == "cgroup2") { print $5; exit } }' /proc/self/mountinfo; }

# mount_base EMPTY TARGET: / as a file system of its own, since the kernel refuses an overlay in which one
# layer lies inside another.
mount_base() { mount -t overlay -o "ro,lowerdir=$1:/" lab "$2"; }
