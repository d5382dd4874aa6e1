# shellcheck shell=bash
# For checks of commands that run for a while: each in the background, with its output, its exit code and its temporary directory in $WORK.
# shellcheck source=eng/checks.sh
source "$ROOT/eng/checks.sh"

# stop_all NAME…: what is still there is asked to stop, and cleans up by itself.
stop_all() {
  local name
  for name in "$@"; do
    if [[ -s $WORK/$name.pid && ! -e $WORK/$name.rc ]]; then kill -s TERM "$(<"$WORK/$name.pid")"; fi
  done
  wait
  rm -rf -- "$WORK"
}

# start NAME COMMAND…: with its temporary directory in $WORK/NAME, a path that no other process has in its environment.
start() {
  local name=$1 rc
  shift
  mkdir -- "$WORK/$name"
  (
    trap - EXIT TERM INT
    TMPDIR=$WORK/$name "$@" </dev/null >"$WORK/$name.out" 2>&1 &
    printf '%s\n' "$!" >"$WORK/$name.pid"
    rc=0
    wait "$!" || rc=$?
    printf '%s\n' "$rc" >"$WORK/$name.rc"
  ) &
}

output_of() { cat -- "$WORK/$1.out"; }

wait_for() { # NAME PATTERN
  local tries=0
  until grep -qs -- "$2" "$WORK/$1.out"; do
    if ((++tries > 3000)) || [[ -e $WORK/$1.rc ]]; then fail "$(output_of "$1")"; fi
    sleep 0.1
  done
}

ends_with() { # NAME EXIT-CODE
  local tries=0
  until [[ -s $WORK/$1.rc ]]; do
    if ((++tries > 3000)); then fail "it does not end: $(output_of "$1")"; fi
    sleep 0.1
  done
  (($(<"$WORK/$1.rc") == $2)) || fail "exit code $(<"$WORK/$1.rc"): $(output_of "$1")"
}

nothing_is_left_of() { # NAME
  local left
  left=$(find "$WORK/$1" -maxdepth 1 -name 'trinity*')
  [[ -z $left ]] || fail "left behind: $left"
  # shellcheck disable=SC2062  # a glob of files; the pattern comes from stdin, so that grep does not find itself
  left=$(grep -ls --fixed-strings --file=- /proc/[0-9]*/{environ,cmdline} <<<"$WORK/$1" || true)
  [[ -z $left ]] || fail "still runs: $left"
}
