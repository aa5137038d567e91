# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# bash completion of neo: the command itself knows what may come next.
_neo() {
  local words
  # Bash cuts words at "=", so options with a value come in three words: leave values alone.
  [ "${COMP_WORDS[COMP_CWORD]}" != "=" ] && [ "${COMP_WORDS[COMP_CWORD - 1]}" != "=" ] || return 0
  words=$(neo complete "${COMP_WORDS[@]:1:COMP_CWORD-1}" 2>/dev/null | cut -f 1)
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}")
  [[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace
}
complete -F _neo neo
