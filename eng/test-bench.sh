#!/usr/bin/env bash
# Checks of ./trinity bench, in its smoke form: that it works, never how fast anything is. The last line is "N passed, N failed, N skipped".
set -uo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
WORK=$(mktemp -d)
REPORT=$WORK/report.md
# shellcheck source=eng/checks.sh
source "$ROOT/eng/checks.sh"

# A benchmark that is still there is asked to stop, and cleans up by itself.
clean_up() {
  local name
  for name in smoke interrupted; do
    if [[ -s $WORK/$name.pid && ! -e $WORK/$name.rc ]]; then kill -s TERM "$(<"$WORK/$name.pid")"; fi
  done
  wait
  rm -rf -- "$WORK"
}
trap clean_up EXIT
trap 'exit 143' TERM
trap 'exit 130' INT

# start NAME OPTION…: a benchmark in a process group of its own, as at a terminal, with its temporary directory in $WORK/NAME.
start() {
  local name=$1 rc
  shift
  mkdir -- "$WORK/$name"
  (
    trap - EXIT TERM INT
    TMPDIR=$WORK/$name setsid env --default-signal=INT "$ROOT/trinity" bench "$@" </dev/null >"$WORK/$name.out" 2>&1 &
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
  grep -q 'No peer had an error\.$' "$REPORT" || fail "$(<"$REPORT")"
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
    rows 2 "^\| $peer \| $whole \[$whole to $whole\] \| $real( \| $whole){3} \| ($whole|–) \| 0 \|$"
    cell="$real \[$real to $real\]"
    rows 3 "^\| $peer \| ($cell \| $cell( \| $real){6} \| ($real|–) \| $whole \| $whole \| 0|cannot follow( \| –){11}) \|$"
  done < <(measured_peers)
  rows 2 "^\| messages json .*, at the limit: requests/s( \| [0-9.]+){3} \|$"
  rows 9 "^\| messages .*: (p50|p99|first chunk p50) ms( \| ([0-9.]+|–)){3} \|$"
  rows 4 "^\| (as shipped|TieredCompilation=0) \| $whole \[$whole to $whole\]( \| $whole){4} \| 0 \|$"
}

every_promise_is_judged() {
  rows 1 "^\| AiBridge's errors, .* \| 0 \| met \|$"
  rows 19 '^\| .* [≤≥<] [0-9.]+ \| (–|-?[0-9.]+|cannot follow) \| (met|\*\*missed\*\*|not measured) \|$'
  if grep 'not measured' "$REPORT" | grep -vE "200 KB, half of saturation|Portkey's"; then fail "a promise that the run measures is not judged"; fi
}

check "bad options are refused" bad_options_are_refused
start interrupted --smoke --only cold --rounds 20 --no-peers --out "$WORK/none.md"
start smoke --smoke --out "$REPORT"
check "a benchmark that is interrupted leaves nothing behind" an_interrupted_benchmark_cleans_up
check "a smoke run measures everything, without an error, and leaves nothing behind" a_smoke_run_succeeds
check "every table of the report has its numbers" every_table_has_its_numbers
check "every promise is judged" every_promise_is_judged
sum_up
