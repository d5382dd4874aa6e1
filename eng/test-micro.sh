#!/usr/bin/env bash
# Runs every micro-benchmark once, so that a change that breaks one is noticed. The last line is "N passed, N failed, N skipped".
set -uo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
WORK=$(mktemp -d)
trap 'rm -rf -- "$WORK"' EXIT
trap 'exit 143' TERM
trap 'exit 130' INT

# shellcheck source=eng/common.sh
source "$ROOT/eng/common.sh"
# shellcheck source=eng/build.sh
source "$ROOT/eng/build.sh"
# shellcheck source=eng/checks.sh
source "$ROOT/eng/checks.sh"

every_benchmark_runs() {
  ensure_program Micro
  dotnet "$PROGRAM" --filter '*' --job dry --artifacts "$WORK" --report "$WORK/report.md" >"$WORK/log" 2>&1 || fail "$(tail -n 40 "$WORK/log")"
  grep -qE '^\| [A-Z].*\| [0-9.]+ (ns|µs|ms) \|' "$WORK/report.md" || fail "no benchmark ran"
  if grep -F '| failed |' "$WORK/report.md"; then fail "not every benchmark ran"; fi
}

check "every micro-benchmark runs" every_benchmark_runs
sum_up
