# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A link of the Internet by the kernel: a veth pair, with the same queues at both ends. link-neo.sh has the same functions.
#
#     1: tbf, off or so small that it splits segmented sends, for loss to hit single packets
#     2: netem, delay, jitter and loss
#     3: tbf, rate and queue
#
# The queues are always there, so that a change of settings drops nothing that is on its way. A rate keeps netem from
# reordering, as neo-wire never does. Other than neo-wire, netem draws the jitter of each packet anew, and a cut lets
# out what is on its way.

link_text() { echo "netem"; }

link_check() {
  local why

  why=$(netem_probe 2>&1) || die "this kernel has no netem, or tbf, or veth: ${why:-tc says nothing}"
}

# On an interface of a network namespace that ends with the probe.
netem_probe() {
  # shellcheck disable=SC2016  # for the inner shell
  unshare --net sh -ec 'ip link add t0 type veth peer name t1
    tc qdisc add dev t0 root handle 1: netem delay 1ms rate 100gbit
    tc qdisc add dev t0 parent 1:1 tbf rate 1mbit burst 3028 latency 100ms'
}

# link_start HOST SETTING=VALUE...: ens3 in the host's namespace, and an interface of the host's name in inet.
link_start() {
  local host=$1 settings

  settings=$(netem_settings "delay=0ms jitter=0ms loss=0% rate=0mbit queue=100ms cut=0" "${@:2}") || return
  ip -n inet link add "$host" type veth peer name ens3 netns "$host"
  netem_apply add "$host" "$settings"
}

link_stop() { ip -n inet link del "$1"; }

# link_set HOST [SETTING=VALUE...]: all or none; prints the settings, then a line of counters for each direction.
link_set() {
  local host=$1 settings

  settings=$(<"$F/netem.$host")
  if [ $# -gt 1 ]; then
    settings=$(netem_settings "$settings" "${@:2}") || return
    netem_apply change "$host" "$settings"
  fi
  echo "$settings"
  tc -n "$host" -s qdisc show dev ens3 | netem_counters out
  tc -n inet -s qdisc show dev "$host" | netem_counters in
}

# netem_settings SETTINGS [SETTING=VALUE...]: prints the settings after these changes, or says what is wrong with them,
# as neo-wire would.
netem_settings() {
  printf '%s\n' "$@" | awk -F= '
    BEGIN {
      keys = "delay jitter loss rate queue cut"
      time = "ns:1e-6 us:1e-3 ms:1 s:1e3"
      units["delay"] = units["jitter"] = units["queue"] = time; units["loss"] = "%:1"; units["rate"] = "kbit:1e-3 mbit:1 gbit:1e3"; units["cut"] = ":1"
      max["delay"] = max["jitter"] = max["queue"] = 1e4; max["loss"] = 100; max["rate"] = 1e5; max["cut"] = 1
      says["delay"] = says["queue"] = "a time up to 10s, such as 15ms"; says["jitter"] = "a time up to 10s, such as 2ms"
      says["loss"] = "a share up to 100%, such as 0.5%"; says["rate"] = "a rate up to 100gbit, such as 50mbit, or 0"; says["cut"] = "0 or 1"
    }
    function complain(text) { print "error: " text > "/dev/stderr"; bad = 1 }
    function set(key, text,   number, unit, n, i, list, pair) {
      unit = text
      sub(/^[0-9]*\.?[0-9]*(e[-+]?[0-9]+)?/, "", unit)
      number = substr(text, 1, length(text) - length(unit))
      if (number ~ /[0-9]/ && number == 0 && unit == "") { value[key] = 0; return }
      n = split(units[key], list, " ")
      for (i = 1; number ~ /[0-9]/ && i <= n; i++)
        if (split(list[i], pair, ":") && pair[1] == unit && number * pair[2] <= max[key]) { value[key] = number * pair[2]; return }
      complain(key ": \"" text "\" is not " says[key])
    }
    NR == 1 { n = split($0, words, /[ =]/); for (i = 1; i < n; i += 2) set(words[i], words[i + 1]); next }
    !($1 in units) || NF < 2 { complain("\"" $1 "\" is not a setting; settings are delay= jitter= loss= rate= queue= cut="); next }
    { set($1, $2) }
    END {
      if (bad) exit 2
      value["cut"] = int(value["cut"] + 0.5)
      printf "delay=%gms jitter=%gms loss=%g%% rate=%gmbit queue=%gms cut=%d\n", value["delay"], value["jitter"], value["loss"], value["rate"], value["queue"], value["cut"]
    }'
}

# netem_apply VERB HOST SETTINGS: at both ends.
netem_apply() {
  netem_queues "$1" ens3 "$3" | tc -n "$2" -batch -
  netem_queues "$1" "$2" "$3" | tc -n inet -batch -
  echo "$3" >"$F/netem.$2"
}

# Prints the lines for tc. Without a rate the limited line is faster than any veth; a limited one sends 0.2 ms at once, and two
# packets at least.
netem_queues() {
  local verb=$1 dev=$2 delay jitter loss rate queue cut split=1mb line="rate 100gbit burst 1mb limit 1gb"

  read -r delay jitter loss rate queue cut <<<"$(sed 's/[a-z]*=//g' <<<"$3")"
  [ "$loss" = 0% ] || split=1600
  [ "$cut" = 0 ] || loss=100%
  [ "$rate" = 0mbit ] || line="rate $rate burst $(awk -v rate="${rate%mbit}" 'BEGIN { n = rate * 25; print int(n > 3028 ? n : 3028) }') latency $queue"
  cat <<-END
		qdisc $verb dev $dev root handle 1: tbf rate 100gbit burst $split limit 1gb
		qdisc $verb dev $dev parent 1:1 handle 2: netem limit 200000 delay $delay $jitter loss $loss rate 100gbit
		qdisc $verb dev $dev parent 2:1 handle 3: tbf $line
	END
}

# netem counts what the queue after it drops as dropped, too.
netem_counters() {
  awk -v name="$1" '
    /^qdisc/ { at = $3 }
    /^ Sent/ { bytes[at] = $2; frames[at] = $4; sub(/.*dropped /, ""); dropped[at] = $0 + 0 }
    END { printf "%s frames=%d bytes=%d lost=%d full=%d\n", name, frames["3:"], bytes["3:"], dropped["2:"] - dropped["3:"], dropped["3:"] }'
}
