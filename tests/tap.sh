# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What every test in shell says and waits with: the Test Anything Protocol, and bounded waits for a state.
# A test sources this, says `ok WHAT COMMAND...` for each point, and ends with tap_done.

tap_count=0
tap_failed=0
# The file has no name, so that no trap has to remove it and a test may mount over /tmp.
tap_file=$(mktemp)
exec {tap_fd}<>"$tap_file"
rm "$tap_file"
unset tap_file

# ok WHAT COMMAND...: one test point. COMMAND runs in this shell; what it printed is left in $output and shown when it fails,
# with what the function diagnose, if the test has one, adds.
ok() {
  local what=$1 status=0
  shift
  "$@" >/dev/fd/"$tap_fd" 2>&1 || status=$?
  output=$(tr -d '\0' </dev/fd/"$tap_fd")
  tap_count=$((tap_count + 1))
  if [ $status = 0 ]; then
    echo "ok $tap_count - $what"
    return
  fi
  tap_failed=$((tap_failed + 1))
  echo "not ok $tap_count - $what"
  { printf '%s\n' "$output"; ! declare -F diagnose >/dev/null || diagnose 2>&1; } | sed 's/^/# /'
}

# skip WHAT WHY: a test point that cannot run here
skip() {
  tap_count=$((tap_count + 1))
  echo "ok $tap_count - $1 # SKIP $2"
}

# skip_all WHY: the whole test cannot run here
skip_all() {
  echo "1..0 # SKIP $1"
  exit 0
}

# The last line of a test
tap_done() {
  echo "1..$tap_count"
  exit $((tap_failed > 0))
}

# is GOT WANTED
is() { [ "$1" = "$2" ] || { printf 'is "%s", expected "%s"\n' "$1" "$2"; return 1; }; }
not() { ! "$@"; }
# exits CODE COMMAND...
exits() {
  local status=0
  "${@:2}" || status=$?
  is $status "$1"
}
# Reads all of its input, so that nothing before it in a pipe gets SIGPIPE.
contains() { grep -F "$@" >/dev/null; }

# pause SECONDS: between two looks at a state, without a process
pause() { read -rt "$1" <>"/dev/fd/$tap_never" || true; }
exec {tap_never}<> <(:)

# wait_for COMMAND...: until it succeeds, at most $WAIT_S seconds (20); says in vain for what, and what COMMAND said last
wait_for() {
  local end=$((SECONDS + ${WAIT_S:-20} + 1)) said
  until said=$("$@" 2>&1); do
    [ $SECONDS -lt $end ] || { printf 'waited in vain for: %s\n%s\n' "$*" "$said"; return 1; }
    pause 0.05
  done
}
