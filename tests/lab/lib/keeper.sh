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
  cgroup_mounts cgroup2
  [ "${#MOUNTS[@]}" -gt 0 ] || die "no cgroup2 file system is mounted; a host's systemd needs one"
  CGROUP=${MOUNTS[0]}/neo-lab.$NAME
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

# enter FUNCTION ARGUMENT...: becomes a function of these files in the keeper's namespaces.
enter() {
  find_keeper
  echo "$BASHPID" >"$CGROUP/keeper/cgroup.procs"
  exec nsenter -t "$KEEPER" -m -p -n -i -u setpriv --pdeathsig TERM "$LAB_DIR/lab" --name "$NAME" --inside "$@"
}

inside() { (enter "$@"); }

# On a machine with both versions systemd-nspawn makes the same groups in a hierarchy of version 1 too.
remove_cgroups() {
  local version mount

  for version in cgroup cgroup2; do
    cgroup_mounts "$version"
    for mount in "${MOUNTS[@]}"; do
      [ ! -d "$mount/$1" ] || wait_for 5 remove_cgroup "$mount/$1" || say "cannot remove $mount/$1"
    done
  done
}

# A group whose processes have just ended is busy for a moment.
remove_cgroup() { find "$1" -depth -type d -exec rmdir {} + 2>/dev/null; }

# sweep DIRECTORY: ends and removes what is left of a laboratory, whose sweeper may be gone.
sweep() {
  local state=$1 name=${1##*/}

  recall "$state/keeper"
  if alive "$RECALLED"; then
    kill -KILL "${RECALLED%% *}" 2>/dev/null || true
    wait_for 10 gone "$RECALLED"
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
    # One that is being made has the number of its maker in its name before it says so.
    case $state in "$LABS"/.*) identify "${state##*.}"; [ -z "$IDENTITY" ] || continue ;; esac
    sweep "$state"
  done
}

owner_gone() {
  recall "$STATE/owner"
  [ "$RECALLED" != - ] && ! alive "$RECALLED"
}

sweeper() {
  local keeper

  close_other_files
  identify $$
  echo "$IDENTITY" >"$STATE/sweeper"
  mkdir -p "$CGROUP/keeper"
  (
    echo "$BASHPID" >"$CGROUP/keeper/cgroup.procs"
    exec setpriv --pdeathsig KILL unshare --mount --pid --net --ipc --uts --fork --kill-child \
      "$LAB_DIR/lab" --name "$NAME" --inside keeper
  ) &
  keeper=$!
  while identify "$keeper" && [ -n "$IDENTITY" ] && ! owner_gone; do
    pause 0.2
  done
  kill -KILL "$keeper" 2>/dev/null || true
  wait "$keeper" || true
  sweep "$STATE"
}

keeper() {
  local outer

  # /proc is still the outer one, in which this process has the number that others see.
  identify self
  outer=$IDENTITY
  hostname "neo-lab-$NAME"
  mount -n -t proc proc /proc
  private_run
  load_settings
  exec {LAYER_LOCK}<"$LAYER/lock"
  flock -s "$LAYER_LOCK"
  ip link set lo up
  echo "$outer" >"$STATE/keeper"
  # wait, unlike read, also reaps the orphans that process 1 gets.
  sleep infinity &
  wait $!
}

# /run is a tmpfs of our own (netns names, nspawn's locks), in which only $STATE is the outer one.
private_run() {
  mkdir "$STATE/run"
  mount -n -t tmpfs -o mode=755 tmpfs "$STATE/run"
  mkdir -p "$STATE/run/neo-lab/$NAME" "$STATE/run/lock" "$STATE/run/netns" "$STATE/run/lab"
  mount -n --bind "$STATE" "$STATE/run/neo-lab/$NAME"
  mount -n --rbind "$STATE/run" /run
}

load_settings() {
  # shellcheck source=/dev/null
  . "$STATE/settings"
  link_use "$LINK"
}

# state_create SETTINGS: complete from its first moment, by renaming it.
state_create() {
  local new=$LABS/.$NAME.$$

  mkdir -p "$new/faults" "$new/wires"
  identify $$
  echo "$IDENTITY" | tee "$new/starter" >"$new/owner"
  printf '%s\n' "$1" >"$new/settings"
  mv -T "$new" "$STATE" 2>/dev/null || {
    rm -rf "$new"
    die "\"$NAME\" is up already; \"lab --name $NAME down\" ends it, --name starts another one"
  }
}

keeper_start() {
  SWEEPER_STARTED=1
  setsid "$LAB_DIR/lab" --name "$NAME" --sweeper </dev/null >"$STATE/log" 2>&1 &
  wait_for 10 lab_is_up || { cat "$STATE/log" >&2; die "the keeper did not start"; }
}

keeper_hand_over() { echo "$1" >"$STATE/owner"; }

# Ends the laboratory, in whatever state of starting it is.
keeper_stop() {
  { echo gone >"$STATE/owner"; } 2>/dev/null || return 0
  recall "$STATE/keeper"
  gone "$RECALLED" || kill -KILL "${RECALLED%% *}" 2>/dev/null || true
  wait_for 10 state_gone || sweep "$STATE"
}

# What "up" does when it ends before it is complete.
keeper_abandon() {
  recall "$STATE/starter"
  identify $$
  [ "$RECALLED" = "$IDENTITY" ] || return 0
  if [ -n "${SWEEPER_STARTED-}" ]; then keeper_stop; else sweep "$STATE"; fi
}

state_gone() { [ ! -d "$STATE" ]; }
