# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What is up, as text; in the keeper's namespaces.

status() {
  local host

  printf 'laboratory   %s, of %s\n' "$NAME" "$(owner_text)"
  printf 'rate         %s Mbit/s for each address of the LAN, each direction\n' "$(<"$STATE/rate")"
  printf 'wires        %s\n' "$(link_text)"
  printf 'congestion   %s\n' "$(congestion_text)"
  printf 'shaped IPv6  %s addresses\n' "$(find "$F/shaper6" -type f | wc -l)"
  for host in $HOSTS; do
    status_host "$host"
  done
  printf 'faults       %s\n' "$(faults_text)"
}

owner_text() {
  recall "$STATE/owner"
  [ "$RECALLED" = - ] && echo "nobody: \"lab down\" ends it" || echo "process ${RECALLED%% *}"
}

congestion_text() {
  local used

  used=$(<"$F/congestion.inet")
  [ ! -e "$F/congestion-by-route" ] || used+=", cubic by route on the hosts of the Internet (this kernel refuses cubic in a namespace)"
  echo "$used"
}

status_host() {
  local host=$1 addresses state

  state=$(host_exec "$host" systemctl is-system-running 2>/dev/null) || state=${state:-off}
  addresses=$(ip -n "$host" -o addr show dev ens3 scope global 2>/dev/null | awk '{ printf "%s ", $4 }')
  printf '%-5s %-9s %s%s\n' "$host" "$state" "$addresses" "$(on_campus "$host" || link_set "$host" | sed -n '1s/^/\n      wire: /p')"
}

faults_text() {
  local text

  text=$(cat "$STATE/faults/"* 2>/dev/null | paste -sd ';')
  echo "${text:-none}"
}
