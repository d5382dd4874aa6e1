#!/usr/bin/env bash
# Checks of ./trinity bench, in its smoke form: that it works, never how fast anything is. The last line is "N passed, N failed, N skipped".
set -uo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
WORK=$(mktemp -d)
REPORT=$WORK/report.md
# shellcheck source=eng/background.sh
source "$ROOT/eng/background.sh"

trap 'stop_all smoke interrupted' EXIT
trap 'exit 143' TERM
trap 'exit 130' INT

bad_options_are_refused() {
  local bench=("$ROOT/trinity" bench)
  refused "unknown option '--fast'" "${bench[@]}" --fast
  refused "--only needs sections" "${bench[@]}" --only half,warm
  refused "--only needs sections" "${bench[@]}" --only=
  refused "--only needs a value" "${bench[@]}" --only
  refused "--rounds needs a number from 1 to 20, not '0'" "${bench[@]}" --rounds 0
  refused "--seconds needs a number from 1 to 60, not '1.5'" "${bench[@]}" --seconds 1.5
  refused "--out needs a value" "${bench[@]}" --out=
  local rc=0
  "${bench[@]}" --only warm >/dev/null 2>&1 || rc=$?
  ((rc == 2)) || fail "exit code $rc"
}

an_interrupted_benchmark_cleans_up() { # while it starts processes and loads them
  wait_for interrupted '^round 1/20 '
  kill -s INT -- "-$(<"$WORK/interrupted.pid")"
  ends_with interrupted 143
  nothing_is_left_of interrupted
}

a_smoke_run_succeeds() {
  ends_with smoke 0
  nothing_is_left_of smoke
  grep -q 'No peer had an error\. AiBridge dropped no record\.$' "$REPORT" || fail "$(<"$REPORT")"
}

measured_peers() {
  printf '%s\n' direct 'bare YARP' AiBridge 'AiBridge, 1 rotation/s'
  grep -oE '\<nginx [0-9]' "$REPORT" | cut -d' ' -f1
  grep -oE '\<Portkey [0-9]' "$REPORT" | cut -d' ' -f1
}

rows() { # COUNT PATTERN: so many rows of the report match
  local count
  count=$(grep -cE -- "$2" "$REPORT")
  ((count == $1)) || fail "$count rows instead of $1 match $2: $(<"$REPORT")"
}

every_table_has_its_numbers() {
  local peer whole='[0-9]+' real='-?[0-9]+\.[0-9]+' cell
  if grep -nE 'NaN|∞|\|[[:space:]]*\|' "$REPORT" | grep -v '| promise | measured | |'; then fail "not a number"; fi
  while IFS= read -r peer; do
    rows 2 "^\| $peer \| $whole \[$whole to $whole\] \| $real( \| $whole){3} \| ($whole|–) \| $whole \| 0 \|$"
    cell="$real \[$real to $real\]"
    rows 3 "^\| $peer \| ($cell \| $cell( \| $real){6} \| ($real|–) \| $whole \| $whole \| $whole \| 0|cannot follow( \| –){12}) \|$"
  done < <(measured_peers)
  rows 2 "^\| messages json .*, at the limit: requests/s( \| [0-9.]+){3} \|$"
  rows 9 "^\| messages .*: (p50|p99|first chunk p50) ms( \| ([0-9.]+|–)){3} \|$"
  rows 4 "^\| (as shipped|TieredCompilation=0) \| $whole \[$whole to $whole\]( \| $whole){4} \| 0 \|$"
}

every_promise_is_judged() {
  rows 1 "^\| AiBridge's errors, .* \| 0 \| met \|$"
  rows 19 '^\| .* (≤|≥|<) [0-9.]+ \| (–|-?[0-9.]+|cannot follow) \| (met|\*\*missed\*\*|not measured) \|$'
  if grep 'not measured' "$REPORT" | grep -vE "200 KB, half of saturation|Portkey's"; then fail "a promise that the run measures is not judged"; fi
}

check "bad options are refused" bad_options_are_refused
# In process groups of their own, as at a terminal.
readonly BENCH=(setsid env --default-signal=INT "$ROOT/trinity" bench)
start interrupted "${BENCH[@]}" --smoke --only cold --rounds 20 --no-peers --out "$WORK/none.md"
start smoke "${BENCH[@]}" --smoke --out "$REPORT"
check "a benchmark that is interrupted leaves nothing behind" an_interrupted_benchmark_cleans_up
check "a smoke run measures everything, without an error, and leaves nothing behind" a_smoke_run_succeeds
check "every table of the report has its numbers" every_table_has_its_numbers
check "every promise is judged" every_promise_is_judged
sum_up
