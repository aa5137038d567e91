# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Words that every part uses: messages, waiting for a state, processes that cannot be confused with others.

say() { printf 'lab: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }
usage_error() { say "$*"; say "\"lab help\" explains the commands"; exit 2; }

# need TOOL PACKAGE: one line that names what is missing.
need() { command -v "$1" >/dev/null || die "$1 is missing; it is in the package $2"; }

need_tools() {
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
  local end=$((SECONDS + $1 + 1))

  shift
  while ! "$@"; do
    [ "$SECONDS" -lt "$end" ] || return 1
    pause 0.02
  done
}

# identify PID: sets IDENTITY to "PID STARTTIME", which no other process ever has; empty when there is no such
# process. PID may be "self".
identify() {
  local stat pid

  IDENTITY=
  { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 0
  pid=${stat%% *}
  # shellcheck disable=SC2086  # split into fields; the name in brackets may hold blanks
  set -- ${stat##*) }
  case $1 in [ZX]) ;; *) IDENTITY="$pid ${20}" ;; esac
}

alive() {
  [ -n "$1" ] && identify "${1%% *}" && [ "$IDENTITY" = "$1" ]
}

gone() { ! alive "$1"; }

close_other_files() {
  local fd

  for fd in "/proc/$BASHPID/fd/"*; do
    fd=${fd##*/}
    case $fd in [0-2] | 255) ;; *) eval "exec $fd>&-" ;; esac
  done
}

# daemon NAME LOG COMMAND...: its process id is in $F/NAME.pid; it holds no file of the caller.
daemon() {
  local name=$1 log=$2

  shift 2
  (
    close_other_files
    exec setsid "$@" </dev/null >>"$log" 2>&1
  ) &
  echo $! >"$F/$name.pid"
}

daemon_gone() { identify "$1" && [ -z "$IDENTITY" ]; }

daemon_stop() {
  local pid

  [ -e "$F/$1.pid" ] || return 0
  pid=$(<"$F/$1.pid")
  kill "$pid" 2>/dev/null || true
  wait_for 5 daemon_gone "$pid" || die "$1 does not end"
  rm "$F/$1.pid"
}

# cgroup_mounts VERSION: sets MOUNTS to where that version is mounted ("cgroup" or "cgroup2"); machines differ.
cgroup_mounts() {
  local line field

  MOUNTS=()
  while read -r line; do
    [[ $line = *" - $1 "* ]] || continue
    read -r _ _ _ _ field _ <<<"$line"
    MOUNTS+=("$field")
  done </proc/self/mountinfo
}

# mount_base EMPTY TARGET: / as a file system of its own, since the kernel refuses an overlay in which one
# layer lies inside another.
mount_base() { mount -n -t overlay -o "ro,lowerdir=$1:/" lab "$2"; }
