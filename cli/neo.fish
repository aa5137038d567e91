# SPDX-License-Identifier: GPL-2.0-or-later
# fish completion of neo: the command itself knows what may come next.
complete -c neo -f -a '(neo complete (commandline -opc)[2..] 2>/dev/null)'
