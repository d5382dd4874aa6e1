#!/usr/bin/env bash
# Checks of ./trinity demo, in a short form; three run beside each other. The last line is "N passed, N failed, N skipped".
set -uo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
WORK=$(mktemp -d)
# shellcheck source=eng/background.sh
source "$ROOT/eng/background.sh"

readonly SHORT=(--streams 20 --rotations 6 --stream-seconds 2 --replicas 2)
readonly ENDLESS=(--streams 5 --rotations 1000 --stream-seconds 2 --replicas 2)

trap 'stop_all short interrupted killed' EXIT
trap 'exit 143' TERM
trap 'exit 130' INT

verdict_of() { tail -n 1 -- "$WORK/$1.out"; }

an_interrupted_demo_cleans_up() {
  wait_for interrupted '^rotation '
  kill -s TERM "$(<"$WORK/interrupted.pid")"
  ends_with interrupted 143
  nothing_is_left_of interrupted
}

a_killed_bridge_fails_the_demo() {
  wait_for killed '^rotation '
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

start interrupted "$ROOT/trinity" demo "${ENDLESS[@]}"
start killed "$ROOT/trinity" demo "${ENDLESS[@]}"
start short "$ROOT/trinity" demo "${SHORT[@]}"
check "a demo that is interrupted leaves nothing behind" an_interrupted_demo_cleans_up
check "a demo whose bridge is killed fails" a_killed_bridge_fails_the_demo
check "the short demo proves every old key unused" every_old_key_is_proven_unused
sum_up
