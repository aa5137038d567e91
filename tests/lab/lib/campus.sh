# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The campus: a router without NAT, DHCP, DNS, and a rate limit for each address in each direction.

campus_up() {
  ip netns add campus
  ip -n campus link set lo up
  ip netns exec campus sysctl -q -w net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 \
    net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0
  ip -n campus link add lan type bridge mcast_snooping 0
  ip -n campus link set lan address 02:00:00:00:77:ff
  ip -n campus link add wan type veth peer name campus netns inet
  ip -n inet link set campus master net0
  ip -n inet link set campus up
  bridge_without_filter campus
  ip -n campus addr add 198.51.100.1/24 dev lan
  ip -n campus addr add 2001:db8:77::1/64 dev lan
  ip -n campus addr add 192.0.2.1/24 dev wan
  ip -n campus addr add 2001:db8::1/64 dev wan
  ip -n campus link set lan up
  ip -n campus link set wan up
  faults_up
  shaper_up
  dns_start
  dhcp_start
}

dns_start() {
  lab_names >"$F/names"
  daemon dns "$STATE/log" ip netns exec campus dnsmasq --keep-in-foreground --conf-file=/dev/null --user=root --pid-file= \
    --no-resolv --no-hosts --addn-hosts="$F/names" --local=/lab/ --bind-dynamic --interface=lan --interface=wan
}

# The range fits the shaper's classes. --no-ping: or else each offer takes 3 s.
dhcp_start() {
  daemon dhcp "$STATE/log" ip netns exec campus dnsmasq --keep-in-foreground --conf-file=/dev/null --user=root --pid-file= \
    --port=0 --interface=lan --bind-dynamic --no-ping --dhcp-authoritative --dhcp-leasefile="$F/leases" \
    --dhcp-range=198.51.100.10,198.51.100.250,255.255.255.0,10m \
    --dhcp-option=option:router,198.51.100.1 --dhcp-option=option:dns-server,198.51.100.1 \
    --enable-ra --dhcp-range=2001:db8:77::1000,2001:db8:77::1fff,slaac,64,10m \
    --dhcp-option="option6:dns-server,[2001:db8:77::1]"
}

# The shaper: htb with a class for each address; downstream on lan by destination, upstream on wan by source.
# Classes of IPv4 are 1:2 to 1:fe, the last byte of the address; those of IPv6 are 1:1000 and up, made when
# the address first appears among the neighbours; until then, or beyond SHAPER6_COUNT of them, IPv6 addresses
# share the class 1:fff. A queue holds 80 ms, as a campus shaper's would.

SHAPER6_SHARED=4095
SHAPER6_FIRST=4096
SHAPER6_COUNT=1024

shaper_class() {
  local verb=$1 dev=$2 minor=$3 limit=$((RATE * 1000 * 80 / 8))

  [ "$limit" -ge 32768 ] || limit=32768
  printf 'class %s dev %s parent 1: classid 1:%x htb rate %smbit burst 3028 cburst 3028 quantum 3028\n' \
    "$verb" "$dev" "$minor" "$RATE"
  printf 'qdisc %s dev %s parent 1:%x handle %x: bfifo limit %s\n' "$verb" "$dev" "$minor" "$((minor + 256))" "$limit"
}

# Prints the classifiers: a hash on the last byte of the address for each family.
shaper_tables() {
  local dev=$1 side=$2 at4=$3 at6=$4

  cat <<-END
		qdisc add dev $dev root handle 1: htb
		filter add dev $dev parent 1: prio 1 protocol ip handle 2: u32 divisor 256
		filter add dev $dev parent 1: prio 1 protocol ip u32 ht 800:: match ip $side 198.51.100.0/24 hashkey mask 0x000000ff at $at4 link 2:
		filter add dev $dev parent 1: prio 2 protocol ipv6 handle 3: u32 divisor 256
		filter add dev $dev parent 1: prio 2 protocol ipv6 u32 ht 801:: match ip6 $side 2001:db8:77::/64 hashkey mask 0x000000ff at $at6 link 3:
		filter add dev $dev parent 1: prio 3 protocol ipv6 u32 match ip6 $side 2001:db8:77::/64 flowid 1:fff
	END
}

shaper_filter4() {
  printf 'filter add dev %s parent 1: prio 1 protocol ip u32 ht 2:%x: match ip %s 198.51.100.%s/32 flowid 1:%x\n' \
    "$1" "$3" "$2" "$3" "$3"
}

shaper_up() {
  local n

  {
    shaper_tables lan dst 16 36
    shaper_tables wan src 12 20
    for n in {2..254}; do
      shaper_class add lan "$n"
      shaper_filter4 lan dst "$n"
      shaper_class add wan "$n"
      shaper_filter4 wan src "$n"
    done
    shaper_class add lan "$SHAPER6_SHARED"
    shaper_class add wan "$SHAPER6_SHARED"
  } | tc -n campus -batch -
  echo "$RATE" >"$STATE/rate"
  mkdir "$F/shaper6"
  daemon shaper6 "$STATE/log" "$LAB_DIR/lab" --name "$NAME" --inside shaper6_watch
}

# The last byte of an address in hexadecimal, the bucket of its filter.
last_byte() {
  local group=0000${1##*:}

  echo "${group: -2}"
}

shaper6_add() {
  local address=$1 slot=$2 minor=$((SHAPER6_FIRST + $2)) bucket

  bucket=$(last_byte "$address")
  RATE=$(<"$STATE/rate")
  {
    shaper_class replace lan "$minor"
    shaper_class replace wan "$minor"
    printf 'filter add dev lan parent 1: prio 2 protocol ipv6 u32 ht 3:%s: match ip6 dst %s/128 flowid 1:%x\n' "$bucket" "$address" "$minor"
    printf 'filter add dev wan parent 1: prio 2 protocol ipv6 u32 ht 3:%s: match ip6 src %s/128 flowid 1:%x\n' "$bucket" "$address" "$minor"
  } | tc -n campus -batch -
  echo "$address" >"$F/shaper6/$slot"
}

shaper6_watch() {
  local line address slot=0
  local -A known=()

  load_settings
  while read -r line; do
    address=${line%% *}
    [[ $address = 2001:db8:77:* && -z "${known[$address]-}" && $slot -lt $SHAPER6_COUNT ]] || continue
    known[$address]=1
    shaper6_add "$address" "$((slot++))"
  done < <(ip -n campus -6 monitor neigh dev lan)
}

# The classes that exist, as decimal numbers.
shaper_minors() {
  echo {2..254} "$SHAPER6_SHARED"
  (cd "$F/shaper6" && ls) | awk -v first="$SHAPER6_FIRST" '{ print first + $1 }'
}

# shaper_rate MBIT: all classes, at once.
shaper_rate() {
  local n

  RATE=$1
  echo "$RATE" >"$STATE/rate"
  for n in $(shaper_minors); do
    shaper_class change lan "$n"
    shaper_class change wan "$n"
  done | tc -n campus -batch -
}
