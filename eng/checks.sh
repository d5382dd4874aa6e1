# shellcheck shell=bash
# What scripts of checks (eng/test-*.sh) are made of. They set WORK, a directory of their own, and end with sum_up.

PASSED=0 FAILED=0 SKIPPED=0
# shellcheck disable=SC2034  # for the scripts
readonly SKIP=77 # a check's exit code for "cannot be made here"

fail() {
  printf '    %s\n' "$*"
  exit 1
}

# check "what holds" FUNCTION: each runs in a shell of its own, and stops at the first thing that does not hold.
check() {
  local rc
  (
    set -e
    "$2"
  ) >"$WORK/output" 2>&1
  rc=$?
  case $rc in
    0) PASSED=$((PASSED + 1)) && printf 'passed   %s\n' "$1" ;;
    "$SKIP") SKIPPED=$((SKIPPED + 1)) && printf 'skipped  %s\n' "$1" ;;
    *) FAILED=$((FAILED + 1)) && printf 'FAILED   %s\n' "$1" && cat -- "$WORK/output" ;;
  esac
}

# refused "part of the message" COMMAND…: exits non-zero and says why in one line.
refused() {
  local expected=$1 errors=$WORK/errors
  shift
  if "$@" >/dev/null 2>"$errors"; then fail "succeeded: $*"; fi
  (($(wc -l <"$errors") == 1)) || fail "not one line: $(cat -- "$errors")"
  grep -qF -- "$expected" "$errors" || fail "no '$expected' in: $(cat -- "$errors")"
}

sum_up() {
  printf '%d passed, %d failed, %d skipped\n' "$PASSED" "$FAILED" "$SKIPPED"
  ((FAILED == 0))
}
