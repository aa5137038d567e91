# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What hosts need to run a build with sanitizers ($work/root, which links $sanitizer), and what the sanitizers said there. Sourced by on-lab.

# The units' filters of system calls are for programs as users have them: leaks are looked for by ptrace(2), from a process beside.
# iptables, which loads the extensions, is Debian's: it has no sanitizer, and it leaks.
mkdir -p "$work/root/usr/lib/systemd/system/neo-.service.d"
cat >"$work/root/usr/lib/systemd/system/neo-.service.d/90-sanitized.conf" <<END
[Service]
SystemCallFilter=
Environment=LD_PRELOAD=$sanitizer
Environment=ASAN_OPTIONS=detect_leaks=1
Environment=LSAN_OPTIONS=suppressions=/usr/lib/neo/leaks-of-others
Environment=UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
END
printf 'leak:%s\n' libxtables.so libnftnl.so xtables-nft-multi xtables-legacy-multi >"$work/root/usr/lib/neo/leaks-of-others"

# sanitizers_report: a test point; each report in the journal of a host that is up, and what follows it
sanitizers_report() {
  local host said
  said=$(for host in $($LAB status | awk '$2 == "running" || $2 == "degraded" { print $1 }'); do
    $LAB run "$host" journalctl -o cat --no-pager |
      grep -E -A 30 'ERROR: (Address|Leak)Sanitizer|runtime error:|Sanitizer:DEADLYSIGNAL|ASan runtime does not' | sed "s/^/# $host: /" || true
  done)
  if [ -z "$said" ]; then
    echo "ok 1 - no complaint in a journal"
  else
    echo "not ok 1 - no complaint in a journal"
    head -n 200 <<<"$said"
  fi
  echo "1..1"
}
