# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Hosts: real Debian systems in systemd-nspawn, each on an overlay of this machine.
#
#     tmpfs of the host | common (what is hidden or masked) | --root | package layer | /
#
# Each boot of a host gets a fresh network namespace, as a real machine would; the lab plugs ens3 into it.

ALL_HOSTS="gw gwn ra rb px web"
F=/run/lab # everything of the running laboratory, in the keeper's private /run

host_number() { case $1 in px) echo 10 ;; ra) echo 11 ;; rb) echo 12 ;; web) echo 20 ;; gw) echo 1 ;; gwn) echo 2 ;; esac; }
on_campus() { case $1 in gw | gwn) ;; *) return 1 ;; esac; }
host_mac() { printf '02:00:00:00:%02x:%02x\n' "$(on_campus "$1" && echo 119 || echo 0)" "$(host_number "$1")"; }

check_host() {
  case " $HOSTS " in *" $1 "*) ;; *) usage_error "\"$1\" is not a host of this laboratory; its hosts are: $HOSTS" ;; esac
}

# Directories that an administrator of this machine fills; the hosts start with none of it.
HIDDEN="/etc/systemd/system /etc/systemd/network /etc/systemd/user /etc/NetworkManager/system-connections
  /etc/NetworkManager/conf.d /etc/network/interfaces.d /etc/sysctl.d /etc/modules-load.d /etc/tmpfiles.d
  /etc/rc0.d /etc/rc1.d /etc/rc2.d /etc/rc3.d /etc/rc4.d /etc/rc5.d /etc/rc6.d /etc/rcS.d /etc/ssh /etc/cron.d
  /etc/profile.d /etc/nginx/sites-enabled /root /tmp /var/tmp /var/log/journal /var/lib/systemd
  /var/lib/NetworkManager"

# The rest of what the distribution starts by itself works in a namespace, or sees that it does not and stays away.
MASKED="console-getty.service dev-hugepages.mount"

# Under each host lies one overlay with all that the hosts have in common.
hosts_prepare() {
  local lower=$LAYER/upper:$F/base root=$F/common/root

  mkdir -p "$F/none" "$F/base" "$F/common/upper" "$F/common/work" "$root"
  mount_base "$F/none" "$F/base"
  if [ -n "$ROOT" ]; then
    mkdir "$F/rootdir"
    mount --bind "$ROOT" "$F/rootdir"
    lower=$F/rootdir:$lower
  fi
  whiteouts "$F/common/upper"
  mount -t overlay -o "lowerdir=$lower,upperdir=$F/common/upper,workdir=$F/common/work" lab "$root"
  common_files "$root"
  umount "$root"
  echo "$F/common/upper:$lower" >"$F/lower"
}

# A directory that is made where the overlay has a whiteout hides all that is below; nothing has to be removed.
whiteouts() {
  local path

  for path in $HIDDEN; do
    mkdir -p "$1${path%/*}"
    mknod "$1$path" c 0 0
  done
}

common_files() {
  local root=$1 path

  for path in $HIDDEN; do
    mkdir -p "$root$path"
  done
  chmod 1777 "$root/tmp" "$root/var/tmp"
  chmod 700 "$root/root"
  for path in $MASKED; do
    ln -s /dev/null "$root/etc/systemd/system/$path"
  done
  ln -s /usr/lib/systemd/system/multi-user.target "$root/etc/systemd/system/default.target"
  rm -f "$root/etc/resolv.conf" "$root/etc/fstab" "$root/etc/network/interfaces"
  touch "$root/etc/fstab" "$root/etc/network/interfaces"
  # Newer than /usr: no ldconfig or hwdb run at the first boot.
  touch "$root/etc/.updated" "$root/var/.updated"
  mkdir -p "$root/srv/files"
  {
    printf '127.0.0.1 localhost\n::1 localhost\n'
    lab_names
  } >"$root/etc/hosts"
}

# ADDRESS NAME.lab NAME, for the hosts with fixed addresses.
lab_names() {
  local host

  for host in $ALL_HOSTS; do
    on_campus "$host" && continue
    printf '192.0.2.%s %s.lab %s\n' "$(host_number "$host")" "$host" "$host"
    printf '2001:db8::%s %s.lab %s\n' "$(host_number "$host")" "$host" "$host"
  done
}

# host_root HOST: mounts the host's root and fills in what makes it this host.
host_root() {
  local host=$1 root=$F/$1/root

  mkdir -p "$root" "$F/$host/upper" "$F/$host/work"
  mount -t overlay -o "lowerdir=$(<"$F/lower"),upperdir=$F/$host/upper,workdir=$F/$host/work" lab "$root"
  echo "$host" >"$root/etc/hostname"
  tr -d - </proc/sys/kernel/random/uuid >"$root/etc/machine-id"
  case $host in
  gw) host_networkmanager "$root" ;;
  gwn) host_networkd "$root" "$(printf '[Network]\nDHCP=yes\nIPv6AcceptRA=yes')" 198.51.100.1 ;;
  *) host_networkd "$root" "$(static_network "$host")" 192.0.2.1 ;;
  esac
  [ "$host" != web ] || host_nginx "$root"
}

host_networkmanager() {
  local profile=$1/etc/NetworkManager/system-connections/ens3.nmconnection

  printf 'nameserver 198.51.100.1\n' >"$1/etc/resolv.conf"
  printf '[main]\nno-auto-default=*\n' >"$1/etc/NetworkManager/conf.d/10-lab.conf"
  cat >"$profile" <<-END
		[connection]
		id=ens3
		uuid=$(</proc/sys/kernel/random/uuid)
		type=ethernet
		interface-name=ens3

		[ipv4]
		method=auto

		[ipv6]
		method=auto
	END
  chmod 600 "$profile"
  systemctl --root="$1" -q enable NetworkManager.service
}

host_networkd() {
  printf 'nameserver %s\n' "$3" >"$1/etc/resolv.conf"
  printf '[Match]\nName=ens3\n\n%s\n' "$2" >"$1/etc/systemd/network/10-ens3.network"
  systemctl --root="$1" -q enable systemd-networkd.service
}

static_network() {
  local n congestion=

  n=$(host_number "$1")
  # A namespace may refuse it as the default; a route may carry it all the same.
  [ ! -e "$F/congestion-by-route" ] || congestion="TCPCongestionControlAlgorithm=cubic"
  cat <<-END
		[Network]
		IPv6AcceptRA=no
		Address=192.0.2.$n/24
		Address=2001:db8::$n/64

		[Route]
		Gateway=192.0.2.1
		$congestion

		[Route]
		Gateway=2001:db8::1
		$congestion
	END
}

host_nginx() {
  cat >"$1/etc/nginx/sites-enabled/files" <<-END
		server {
		    listen 80 default_server;
		    listen [::]:80 default_server;
		    root /srv/files;
		    autoindex on;
		    access_log off;
		}
	END
  systemctl --root="$1" -q enable nginx.service
}

# Random files for web to serve, made once for the machine.
files_ensure() {
  local size new

  mkdir -p "$LAYERS/files"
  for size in 1M 64M 96M 256M; do
    [ ! -e "$LAYERS/files/$size.bin" ] || continue
    new=$(mktemp -d "$LAYERS/files.XXXXXX")
    head -c "$size" /dev/urandom >"$new/$size.bin"
    (cd "$new" && sha256sum "$size.bin" >"$size.bin.sha256")
    mv "$new/$size.bin.sha256" "$new/$size.bin" "$LAYERS/files/"
    rmdir "$new"
  done
}

# host_start HOST: returns at once; the host boots by itself.
host_start() {
  mkdir -p "$CGROUP/$1"
  daemon "$1" "$STATE/$1.console" "$LAB_DIR/lab" --name "$NAME" --inside host_supervise "$1"
}

# Boots the host, again for as long as it asks for a reboot (systemd-nspawn then ends with 133).
host_supervise() {
  local host=$1 result=133

  load_settings
  echo "$BASHPID" >"$CGROUP/$host/cgroup.procs"
  while [ "$result" = 133 ]; do
    plug "$host"
    result=0
    host_nspawn "$host" || result=$?
  done
  echo "lab: $host ended: $result"
}

host_nspawn() {
  SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 SYSTEMD_NSPAWN_API_VFS_WRITABLE=network \
    systemd-nspawn -q -D "$F/$1/root" -b --register=no --keep-unit -M "$1" --console=pipe \
    --network-namespace-path="/run/netns/$1" --link-journal=no --resolv-conf=off --timezone=off \
    --capability=CAP_NET_ADMIN,CAP_NET_RAW,CAP_SYS_ADMIN,CAP_BPF,CAP_PERFMON \
    --system-call-filter="bpf perf_event_open" \
    --bind=/dev/net/tun --bind-ro="$LAYERS/files:/srv/files"
}

# Sets LEADER, the host's process 1 in the numbers of the caller. Not once systemd has become systemd-shutdown.
host_leader() {
  local name

  LEADER=
  { read -r LEADER <"$CGROUP/$1/payload/init.scope/cgroup.procs"; } 2>/dev/null || return 1
  { read -r name <"/proc/$LEADER/comm"; } 2>/dev/null && [ "$name" = systemd ]
}

host_boots() { host_leader "$1" && [ -S "/proc/$LEADER/root/run/systemd/private" ]; }

# Waits until the host is up. 0: all units run; else says which failed.
host_wait() {
  local host=$1 state

  wait_for 60 host_boots "$host" || { tail -n 20 "$STATE/$host.console" >&2; die "$host does not boot"; }
  state=$(host_exec "$host" timeout 60 systemctl is-system-running --wait) || true
  case $state in
  running) return 0 ;;
  degraded) say "$host is degraded; failed units:" ;;
  *) say "$host has not finished booting (state \"$state\"); open jobs and failed units:"
     host_exec "$host" systemctl list-jobs --no-pager >&2 ;;
  esac
  host_exec "$host" systemctl list-units --failed --plain --no-legend --no-pager >&2
  return 1
}

# host_enter HOST COMMAND...: becomes the command, in every namespace and in the control group of the host.
# A shell, outside the host's pid namespace, waits for it; whoever kills that ends the command too. nsenter would
# wait in a worse way: it stops itself when its child is stopped, systemd-shutdown stops all before it kills
# them, and then the host cannot end.
host_enter() {
  local group=$CGROUP/$1/payload/lab through

  host_leader "$1" || die "$1 is not running; $STATE/$1.console has its console"
  [ -d "$group" ] || mkdir "$group"
  echo "$BASHPID" >"$group/cgroup.procs"
  shift
  # By way of the keeper's pid namespace, so that orphans of a killed caller are reaped by the keeper. Then -a
  # is not to be used: it compares by process numbers of the wrong namespace.
  through=()
  [ -n "${INSIDE-}" ] || { find_keeper; through=(nsenter -t "$KEEPER" -p setpriv --pdeathsig TERM); }
  # shellcheck disable=SC2016  # for the inner shell
  exec "${through[@]}" nsenter -t "$LEADER" -m -u -i -n -p -C -F -r --wd="/proc/$LEADER/root/root" /bin/sh -c '"$@"; exit $?' sh \
    /usr/bin/setpriv --pdeathsig TERM /usr/bin/env -i HOME=/root USER=root LOGNAME=root TERM="${TERM-dumb}" LANG=C.UTF-8 \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

host_exec() { (host_enter "$@"); }

# host_reboot HOST: by its own systemd; from outside when that does not end it.
host_reboot() {
  local host=$1 old

  host_leader "$host" || die "$host is not running"
  identify "$LEADER"
  old=$IDENTITY
  host_exec "$host" systemctl reboot || true
  wait_for 30 gone "$old" || kill -KILL "${old%% *}"
  host_wait "$host" || true
  inside wait_addresses "$host"
}
