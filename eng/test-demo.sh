#!/usr/bin/env bash
# Checks of ./trinity demo, in a short form; three run beside each other. The last line is "N passed, N failed, N skipped".
set -uo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
WORK=$(mktemp -d)
# shellcheck source=eng/checks.sh
source "$ROOT/eng/checks.sh"

readonly SHORT=(--streams 20 --rotations 6 --stream-seconds 2 --replicas 2)
readonly ENDLESS=(--streams 5 --rotations 1000 --stream-seconds 2 --replicas 2)

# A demo that is still there is asked to stop, and cleans up by itself.
clean_up() {
  local name
  for name in short interrupted killed; do
    if [[ -s $WORK/$name.pid && ! -e $WORK/$name.rc ]]; then kill -s TERM "$(<"$WORK/$name.pid")"; fi
  done
  wait
  rm -rf -- "$WORK"
}
trap clean_up EXIT
trap 'exit 143' TERM
trap 'exit 130' INT

# start NAME OPTION…: a demo with its temporary directory in $WORK/NAME, a path that no other process has in its environment.
start() {
  local name=$1 rc
  shift
  mkdir -- "$WORK/$name"
  (
    trap - EXIT TERM INT
    TMPDIR=$WORK/$name "$ROOT/trinity" demo "$@" </dev/null >"$WORK/$name.out" 2>&1 &
    printf '%s\n' "$!" >"$WORK/$name.pid"
    rc=0
    wait "$!" || rc=$?
    printf '%s\n' "$rc" >"$WORK/$name.rc"
  ) &
}

output_of() { cat -- "$WORK/$1.out"; }

verdict_of() { tail -n 1 -- "$WORK/$1.out"; }

wait_for_rotation() { # NAME
  local tries=0
  until grep -qs '^rotation ' "$WORK/$1.out"; do
    if ((++tries > 2400)) || [[ -e $WORK/$1.rc ]]; then fail "$(output_of "$1")"; fi
    sleep 0.1
  done
}

ends_with() { # NAME EXIT-CODE
  local tries=0
  until [[ -s $WORK/$1.rc ]]; do
    if ((++tries > 2400)); then fail "it does not end: $(output_of "$1")"; fi
    sleep 0.1
  done
  (($(<"$WORK/$1.rc") == $2)) || fail "exit code $(<"$WORK/$1.rc"): $(output_of "$1")"
}

nothing_is_left_of() { # NAME
  local left
  left=$(find "$WORK/$1" -maxdepth 1 -name 'trinity-demo.*')
  [[ -z $left ]] || fail "left behind: $left"
  # shellcheck disable=SC2062  # a glob of files; the pattern comes from stdin, so that grep does not find itself
  left=$(grep -ls --fixed-strings --file=- /proc/[0-9]*/{environ,cmdline} <<<"$WORK/$1" || true)
  [[ -z $left ]] || fail "still runs: $left"
}

an_interrupted_demo_cleans_up() {
  wait_for_rotation interrupted
  kill -s TERM "$(<"$WORK/interrupted.pid")"
  ends_with interrupted 143
  nothing_is_left_of interrupted
}

a_killed_bridge_fails_the_demo() {
  wait_for_rotation killed
  kill -s KILL "$(cut -d' ' -f1 "$WORK"/killed/trinity-demo.*/run/aibridge-2.pid)"
  ends_with killed 1
  [[ $(verdict_of killed) == 'FAILED: '* ]] || fail "$(output_of killed)"
  nothing_is_left_of killed
}

every_old_key_is_proven_unused() {
  local ok='^OK: 6 rotations under 20 streams: .*, 0 failed, .*every old key proven out of use\.$'
  ends_with short 0
  [[ $(verdict_of short) =~ $ok ]] || fail "$(output_of short)"
  (($(grep -c '^rotation .* safe to revoke after ' "$WORK/short.out") == 6)) || fail "not a line for each rotation: $(output_of short)"
  if grep -E 'sk-demo|trk_|[0-9a-f]{16}' "$WORK/short.out"; then fail "a secret is shown"; fi
  nothing_is_left_of short
}

start interrupted "${ENDLESS[@]}"
start killed "${ENDLESS[@]}"
start short "${SHORT[@]}"
check "a demo that is interrupted leaves nothing behind" an_interrupted_demo_cleans_up
check "a demo whose bridge is killed fails" a_killed_bridge_fails_the_demo
check "the short demo proves every old key unused" every_old_key_is_proven_unused
sum_up
