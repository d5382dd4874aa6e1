# shellcheck shell=bash
# Talking to the person at the terminal, and reading options.

COMMAND= # the command that runs, for messages

say() { printf '%s\n' "$*"; }

warn() { printf 'trinity%s: %s\n' "${COMMAND:+ $COMMAND}" "$*" >&2; }

die() {
  warn "$*"
  exit 1
}

usage_error() {
  warn "$* (./trinity${COMMAND:+ $COMMAND} --help tells the options)"
  exit 2
}

have() { command -v "$1" >/dev/null 2>&1; }

# require_value OPTION COUNT: an option that takes a value must be followed by one.
require_value() { (($2 > 1)) || usage_error "option $1 needs a value"; }

require_port() { # OPTION VALUE
  if [[ ! $2 =~ ^[1-9][0-9]{0,4}$ ]] || (($2 > 65535)); then
    usage_error "option $1 needs a port number from 1 to 65535, not '$2'"
  fi
}

# unbracket HOST: [::1] as ::1.
unbracket() {
  local host=${1#\[}
  printf '%s' "${host%\]}"
}

# last_lines FILE COUNT: the end of a log, indented, on stderr.
last_lines() {
  [[ -s $1 ]] || return 0
  tail -n "$2" -- "$1" | sed 's/^/  | /' >&2
}

# guarded COMMAND…: runs a command that has to clean up behind itself, as a child that gets SIGTERM when we are asked to
# stop, by whatever signal; Ctrl-C itself does not reach it, nor what it runs. The child needs no trap but EXIT. Bash (5.2)
# can fail to run a signal trap that fires while it expands words; this shell expands none while it waits.
# The child says with SIGUSR1 that it is where it was to go: to be stopped after that is success.
guarded() {
  local rc reached=0
  trap 'reached=1' USR1
  trap 'pass_on_signal' INT TERM HUP
  (
    trap '' INT HUP
    "$@"
  ) &
  until wait "$!"; rc=$?; ! kill -0 "$!" 2>/dev/null; do :; done
  if ((reached && rc == 143)); then rc=0; fi
  exit "$rc"
}

pass_on_signal() {
  if [[ -z ${!:-} ]]; then exit 143; fi
  kill -s TERM "$!" 2>/dev/null
}

# attend COMMAND…: runs a long command so that a signal is acted on at once.
attend() {
  "$@" 8>&- 9>&- &
  wait "$!"
}
