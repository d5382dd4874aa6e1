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

# attend COMMAND…: runs a long command so that a signal to the launcher is acted on at once; on_exit in up.sh ends it.
ATTENDED=
attend() {
  local rc=0
  "$@" 8>&- 9>&- &
  ATTENDED=$!
  wait "$ATTENDED" || rc=$?
  ATTENDED=
  return "$rc"
}
