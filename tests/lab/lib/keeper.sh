# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The keeper holds a laboratory, the sweeper removes what the kernel does not.
#
#     lab up --> sweeper -------> unshare -------> keeper (process 1 of its pid namespace)
#                outside;         dies with        private mounts, network, /run, /proc;
#                follows owner    the sweeper      dies with unshare; all hosts die with it
#
# Whoever dies, by whatever signal, the kernel then ends the keeper and with it every process, mount, name and
# interface of the laboratory. Control group directories and $STATE are left; the sweeper removes them,
# and where the sweeper itself was killed, the next call of lab does.
#
# Until "lab up" is complete it is the owner itself; then the owner is the process of --owner, or nobody ("-").

LABS=/run/neo-lab

# shellcheck disable=SC2034  # read by the other parts
lab_paths() {
	STATE=$LABS/$NAME
	CGROUP=$(cgroup2)
	[ -n "$CGROUP" ] || die "no cgroup2 file system is mounted; a host's systemd needs one"
	CGROUP=$CGROUP/neo-lab.$NAME
}

recall() { { read -r RECALLED <"$1"; } 2>/dev/null || RECALLED=; }

lab_is_up() {
	recall "$STATE/keeper"
	alive "$RECALLED"
}

# Sets KEEPER, or says that there is no such laboratory.
find_keeper() {
	lab_is_up || die "\"$NAME\" is not up; \"lab --name $NAME up\" starts it"
	KEEPER=${RECALLED%% *}
}

# inside FUNCTION ARGUMENT...: runs a function of these files in the keeper's namespaces.
inside() {
	find_keeper
	(
		echo "$BASHPID" >"$CGROUP/keeper/cgroup.procs"
		exec nsenter -t "$KEEPER" -m -p -n -i -u "$LAB_DIR/lab" --name "$NAME" --inside "$@"
	)
}

# On a machine with both versions systemd-nspawn makes the same groups in a hierarchy of version 1 too.
remove_cgroups() {
	local group

	while read -r group; do
		[ ! -d "$group/$1" ] || wait_for 5 remove_cgroup "$group/$1" || say "cannot remove $group/$1"
	done < <(awk '{ for (i = 7; $i != "-"; i++); if ($(i + 1) ~ /^cgroup2?$/) print $5 }' /proc/self/mountinfo)
}

# A group whose processes have just ended is busy for a moment.
remove_cgroup() { find "$1" -depth -type d -exec rmdir {} + 2>/dev/null; }

# sweep DIRECTORY: ends and removes what is left of a laboratory, whose sweeper may be gone.
sweep() {
	local state=$1 name=${1##*/}

	recall "$state/keeper"
	if alive "$RECALLED"; then
		kill -KILL "${RECALLED%% *}" 2>/dev/null || true
		wait_for 10 eval "! alive \"$RECALLED\""
	fi
	case $name in .*) ;; *) remove_cgroups "neo-lab.$name" ;; esac
	rm -rf --one-file-system "$state"
}

sweep_remains() {
	local state

	for state in "$LABS"/* "$LABS"/.[!.]*; do
		[ -d "$state" ] || continue
		recall "$state/sweeper"
		alive "$RECALLED" && continue
		recall "$state/starter"
		alive "$RECALLED" && continue
		sweep "$state"
	done
}

close_other_files() {
	local fd

	for fd in "/proc/$BASHPID/fd/"*; do
		fd=${fd##*/}
		case $fd in [0-2] | 255) ;; *) eval "exec $fd>&-" ;; esac
	done
}

owner_gone() {
	recall "$STATE/owner"
	[ "$RECALLED" != - ] && ! alive "$RECALLED"
}

sweeper() {
	local keeper

	close_other_files
	identity $$ >"$STATE/sweeper"
	mkdir -p "$CGROUP/keeper"
	(
		echo "$BASHPID" >"$CGROUP/keeper/cgroup.procs"
		exec setpriv --pdeathsig KILL unshare --mount --pid --net --ipc --uts --fork --kill-child \
			"$LAB_DIR/lab" --name "$NAME" --inside keeper
	) &
	keeper=$!
	while alive_child "$keeper" && ! owner_gone; do
		pause 0.2
	done
	kill -KILL "$keeper" 2>/dev/null || true
	wait "$keeper" || true
	sweep "$STATE"
}

alive_child() { [ -n "$(identity "$1")" ]; }

keeper() {
	local stat

	# /proc is still the outer one, in which this process has the number that others see.
	read -r stat </proc/self/stat
	hostname "neo-lab-$NAME"
	mount -t proc proc /proc
	private_run
	load_settings
	exec {LAYER_LOCK}<"$LAYER/lock"
	flock -s "$LAYER_LOCK"
	ip link set lo up
	# shellcheck disable=SC2086  # split into fields
	set -- ${stat%% *} ${stat##*) }
	echo "$1 ${21}" >"$STATE/keeper"
	while :; do pause 3600; done
}

# /run is a tmpfs of our own (netns names, nspawn's locks), in which only $STATE is the outer one.
private_run() {
	mkdir "$STATE/run"
	mount -t tmpfs -o mode=755 tmpfs "$STATE/run"
	mkdir -p "$STATE/run/neo-lab/$NAME" "$STATE/run/lock" "$STATE/run/netns" "$STATE/run/lab"
	mount --bind "$STATE" "$STATE/run/neo-lab/$NAME"
	mount --rbind "$STATE/run" /run
}

load_settings() {
	# shellcheck source=/dev/null
	. "$STATE/settings"
}

# state_create SETTINGS: complete from its first moment, by renaming it.
state_create() {
	local new=$LABS/.$NAME.$$

	mkdir -p "$new/faults" "$new/wires"
	identity $$ >"$new/starter"
	identity $$ >"$new/owner"
	printf '%s\n' "$1" >"$new/settings"
	mv -T "$new" "$STATE" 2>/dev/null || {
		rm -rf "$new"
		die "\"$NAME\" is up already; \"lab --name $NAME down\" ends it, --name starts another one"
	}
}

keeper_start() {
	setsid "$LAB_DIR/lab" --name "$NAME" --sweeper </dev/null >"$STATE/log" 2>&1 &
	wait_for 10 lab_is_up || { cat "$STATE/log" >&2; die "the keeper did not start"; }
}

keeper_hand_over() { echo "$1" >"$STATE/owner"; }

keeper_stop() {
	recall "$STATE/keeper"
	[ -z "$RECALLED" ] || ! alive "$RECALLED" || kill -KILL "${RECALLED%% *}" 2>/dev/null || true
	wait_for 10 eval '[ ! -d "$STATE" ]' || sweep_remains
}
