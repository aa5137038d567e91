# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Faults: each is a file in $STATE/faults while it lasts.

FAULTS="route px|ra|rb|web  the campus drops, in silence, everything between its LAN and that host
host px|ra|rb|web   the wire of that host is cut, in silence
path ADDRESS        the campus drops, in silence, everything from and to that address of its LAN
link gw|gwn         ens3 of that gateway loses its carrier
dhcp                nobody answers DHCP or sends router advertisements
dns                 nobody answers DNS"

faults_up() {
  ip netns exec campus nft -f - <<-END
		table inet faults {
			set route4 { type ipv4_addr; }
			set route6 { type ipv6_addr; }
			set path4 { type ipv4_addr; }
			set path6 { type ipv6_addr; }
			chain forward {
				type filter hook forward priority 0;
				iifname lan ip daddr @route4 drop
				oifname lan ip saddr @route4 drop
				iifname lan ip6 daddr @route6 drop
				oifname lan ip6 saddr @route6 drop
				ip saddr @path4 drop
				ip daddr @path4 drop
				ip6 saddr @path6 drop
				ip6 daddr @path6 drop
			}
		}
	END
}

fault_set() { ip netns exec campus nft "$1" element inet faults "$2" "{ $3 }"; }

fault_route() {
  local n

  n=$(host_number "$2")
  fault_set "$1" route4 "192.0.2.$n"
  fault_set "$1" route6 "2001:db8::$n"
}

fault_host() { link_set "$2" "cut=$([ "$1" = add ] && echo 1 || echo 0)" >/dev/null; }
fault_path() { case $2 in *:*) fault_set "$1" path6 "$2" ;; *) fault_set "$1" path4 "$2" ;; esac; }
fault_link() { ip -n campus link set "$2" "$([ "$1" = add ] && echo down || echo up)"; }
fault_dhcp() { if [ "$1" = add ]; then daemon_stop dhcp; else dhcp_start; fi; }
fault_dns() { if [ "$1" = add ]; then daemon_stop dns; else dns_start; fi; }

# Sets FAULT, the name of the fault's file, after checking the words.
fault_name() {
  local kind=${1-} what=${2-}

  case $kind in
  route | host) if [ -z "$what" ] || on_campus "$what"; then usage_error "$kind needs one of px, ra, rb, web"; fi
    check_host "$what" ;;
  link) [ -n "$what" ] && on_campus "$what" || usage_error "link needs gw or gwn"
    check_host "$what" ;;
  path) [[ $what =~ ^(198\.51\.100\.[0-9]+|2001:db8:77:[0-9a-f:]+)$ ]] ||
    usage_error "path: \"$what\" is not an address of the LAN, 198.51.100.0/24 or 2001:db8:77::/64" ;;
  dhcp | dns) [ -z "$what" ] || usage_error "$kind takes no more words" ;;
  *) say "\"$kind\" is not a fault; faults are:"; printf '%s\n' "$FAULTS" >&2; exit 2 ;;
  esac
  FAULT=$kind${what:+-$what}
}

fault_break() {
  fault_name "$@"
  [ ! -e "$STATE/faults/$FAULT" ] || die "\"$*\" is broken already"
  "fault_$1" add "${2-}"
  echo "$*" >"$STATE/faults/$FAULT"
}

fault_heal() {
  local file

  if [ "${1-}" = all ]; then
    for file in "$STATE/faults/"*; do
      # shellcheck disable=SC2046  # the words of the fault
      [ ! -e "$file" ] || fault_heal $(<"$file")
    done
    return
  fi
  fault_name "$@"
  [ -e "$STATE/faults/$FAULT" ] || die "\"$*\" is not broken"
  "fault_$1" delete "${2-}"
  rm "$STATE/faults/$FAULT"
}
