#compdef neo
# SPDX-License-Identifier: GPL-2.0-or-later
# zsh completion of neo: the command itself knows what may come next.
_neo() {
  local -a lines words_next shown options options_shown
  local line word

  lines=("${(@f)$(neo complete "${(@)words[2,CURRENT-1]}" 2>/dev/null)}")
  for line in "${(@)lines:#}"; do
    word=${line%%$'\t'*}
    line=${line/$'\t'/  -- }
    # No blank behind an option that takes a value.
    if [[ $word = *= ]]; then
      options+=("$word")
      options_shown+=("$line")
    else
      words_next+=("$word")
      shown+=("$line")
    fi
  done
  compadd -l -d shown -a -- words_next
  compadd -S '' -l -d options_shown -a -- options
}
_neo "$@"
