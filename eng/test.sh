# shellcheck shell=bash
# ./trinity test

# shellcheck source=eng/machine.sh
source "$ROOT/eng/machine.sh"

readonly TEST_RESULTS=$ROOT/artifacts/test-results
readonly TEST_LIMIT=1200 # seconds for one test project; a hang becomes a failure
PASSED=0 FAILED=0 SKIPPED=0

test_help() {
  cat <<'HELP'
Usage: ./trinity test [PROJECT…] [--long]

Sets up what the suite needs, builds everything, and runs all test projects, or those whose name contains one of the
given words (./trinity test Shared AiBridge.Tests). The last line sums up. Results are left in artifacts/test-results.

  --long   the long forms of the load tests (30 s of 200 streams instead of a few)
HELP
}

# count_results TRX: adds up what a result file tells.
count_results() {
  local counters total executed passed
  counters=$(grep -o '<Counters [^>]*>' -- "$1" | tail -n 1)
  total=$(sed -nE 's/.* total="([0-9]+)".*/\1/p' <<<"$counters")
  executed=$(sed -nE 's/.* executed="([0-9]+)".*/\1/p' <<<"$counters")
  passed=$(sed -nE 's/.* passed="([0-9]+)".*/\1/p' <<<"$counters")
  PASSED=$((PASSED + passed)) FAILED=$((FAILED + executed - passed)) SKIPPED=$((SKIPPED + total - executed))
}

# run_project DIRECTORY: a test project is a program; what it says is shown when it fails.
run_project() {
  local name program log rc=0 began=$SECONDS
  name=$(basename -- "$1")
  program=$ROOT/artifacts/bin/$name/release/Trinity.$name.dll
  log=$TEST_RESULTS/$name.log
  attend timeout --kill-after=30 "$TEST_LIMIT" dotnet "$program" -noColor -trx "$TEST_RESULTS/$name.trx" </dev/null >"$log" 2>&1 || rc=$?
  if [[ -s $TEST_RESULTS/$name.trx ]]; then
    count_results "$TEST_RESULTS/$name.trx"
  elif ((rc == 0)); then
    rc=1
  fi
  if ((rc == 0)); then
    say "  passed  $name ($((SECONDS - began)) s)"
    return 0
  fi
  say "  FAILED  $name ($((SECONDS - began)) s, exit code $rc; $log)"
  [[ -s $TEST_RESULTS/$name.trx ]] || FAILED=$((FAILED + 1)) # it died before it could tell
  grep -vE '^ *(Discovering|Discovered|Starting|Finished):' -- "$log" | tail -n 150
}

# run_script FILE: a script of checks ends with "N passed, N failed".
run_script() {
  local name rc=0 began=$SECONDS sum log
  name=$(basename -- "$1" .sh)
  log=$TEST_RESULTS/$name.log
  attend timeout --kill-after=30 "$TEST_LIMIT" bash "$1" </dev/null >"$log" 2>&1 || rc=$?
  if sum=$(grep -E '^[0-9]+ passed, [0-9]+ failed$' -- "$log" | tail -n 1) && [[ -n $sum ]]; then
    PASSED=$((PASSED + ${sum%% *}))
    sum=${sum#*, }
    FAILED=$((FAILED + ${sum%% *}))
  else
    FAILED=$((FAILED + 1))
  fi
  if ((rc == 0)); then
    say "  passed  $name ($((SECONDS - began)) s)"
  else
    say "  FAILED  $name ($((SECONDS - began)) s, exit code $rc; $log)"
    tail -n 60 -- "$log"
  fi
}

selected() { # NAME WORD…
  local name=$1 word
  shift
  (($#)) || return 0
  for word in "$@"; do if [[ $name == *"$word"* ]]; then return 0; fi; done
  return 1
}

build_tests() {
  say "Building (a few minutes the first time)."
  attend dotnet build "$ROOT/Trinity.sln" "${BUILD_OPTIONS[@]}" >"$TEST_RESULTS/build.log" 2>&1 && return 0
  grep -E '(error|warning) ' "$TEST_RESULTS/build.log" | sort -u | head -n 30 >&2
  die "the build failed ($TEST_RESULTS/build.log)"
}

ensure_postgres_programs() {
  have initdb || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || install_postgres
}

test_main() {
  local project words=()
  while (($#)); do
    case $1 in
      -h | --help) test_help && return 0 ;;
      --long) export TRINITY_LONG_TESTS=1 ;;
      -*) usage_error "unknown option '$1'" ;;
      *) words+=("$1") ;;
    esac
    shift
  done
  trap 'on_exit true' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  rm -rf -- "$TEST_RESULTS"
  mkdir -p -- "$TEST_RESULTS"
  ensure_sdk
  ensure_postgres_programs
  ensure_node
  build_tests
  say "Running the tests."
  for project in "$ROOT"/tests/*Tests/; do
    if selected "$(basename -- "$project")" "${words[@]}"; then run_project "$project"; fi
  done
  for project in "$ROOT"/eng/test-*.sh; do
    if [[ -f $project ]] && selected "$(basename -- "$project" .sh)" "${words[@]}"; then run_script "$project"; fi
  done
  ((PASSED + FAILED)) || say "No test ran."
  printf '%s passed, %s failed, %s skipped\n' "$PASSED" "$FAILED" "$SKIPPED"
  ((FAILED == 0 && PASSED > 0))
}
