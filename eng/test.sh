# shellcheck shell=bash
# ./trinity test

# shellcheck source=eng/machine.sh
source "$ROOT/eng/machine.sh"

readonly TEST_RESULTS=$ROOT/artifacts/test-results
TEST_LIMIT=1200 # seconds for one test project; a hang becomes a failure
TOTAL_PASSED=0 TOTAL_FAILED=0 TOTAL_SKIPPED=0
FAILURES=() # what failed, with the first lines of why
PASSED=0 FAILED=0 SKIPPED=0 # of the project at hand

test_help() {
  cat <<'HELP'
Usage: ./trinity test [--long] [FILTER…]

Sets up what the suite needs (PostgreSQL, Node.js, Java, Docker), builds everything, and runs all tests. The last line sums up; the exit
code is 0 only when tests ran and none failed. Results and output are left in artifacts/test-results.

  FILTER   part of a project's name (Shared, AiBridge.Tests, launcher) chooses projects,
           anything else chooses tests whose full name contains it, of those projects or of all
  --long   the long forms of the load and fault tests: more of all, and a soak of 20 minutes
HELP
}

# Test projects are tests/*Tests; scripts of checks are eng/test-*.sh.
list_projects() {
  local path
  for path in "$ROOT"/tests/*Tests/ "$ROOT"/eng/test-*.sh; do
    if [[ -e $path ]]; then basename -- "$path" .sh; fi
  done
}

# choose_tests FILTER…: sets PROJECTS, and NAME_FILTER in the words of xunit's runner.
choose_tests() {
  local filter chosen
  PROJECTS=() NAME_FILTER=()
  for filter in "$@"; do
    if chosen=$(list_projects | grep -iF -- "$filter"); then
      mapfile -t -O "${#PROJECTS[@]}" PROJECTS <<<"$chosen"
    else
      NAME_FILTER+=(-method "*$filter*")
    fi
  done
  ((${#PROJECTS[@]})) || mapfile -t PROJECTS < <(list_projects)
}

build_tests() {
  lock_builds
  say "Building (a few minutes the first time)."
  run_build build "$ROOT/Trinity.sln"
  unlock_builds
  ensure_build # for the tests that start Trinity itself, and those that start replicas of what is shipped
  choose_program aibridge
  export TRINITY_TEST_AIBRIDGE=${PROGRAM_WORDS[-1]}
}

trx_counter() { sed -nE "s/.* $2=\"([0-9]+)\".*/\1/p" <<<"$1"; } # COUNTERS NAME

# read_trx FILE: what was run and neither passed nor was skipped has failed.
read_trx() {
  local counters total executed
  counters=$(grep -o '<Counters [^>]*>' -- "$1" | tail -n 1) || return 1
  total=$(trx_counter "$counters" total)
  executed=$(trx_counter "$counters" executed)
  PASSED=$(trx_counter "$counters" passed)
  [[ -n $total && -n $executed && -n $PASSED ]] || return 1
  FAILED=$((executed - PASSED)) SKIPPED=$((total - executed))
}

# A test project is a program that writes its results as TRX.
run_program() { # NAME LOG
  local trx=$TEST_RESULTS/$1.trx rc=0
  attend timeout --kill-after=30 "$TEST_LIMIT" dotnet "$ROOT/artifacts/bin/$1/release/Trinity.$1.dll" \
    -noColor "${NAME_FILTER[@]}" -trx "$trx" </dev/null >"$2" 2>&1 || rc=$?
  if [[ -s $trx ]]; then read_trx "$trx" || rc=1; elif ((rc == 0)); then rc=1; fi
  return "$rc"
}

# A script of checks ends with "N passed, N failed, N skipped".
run_script() { # NAME LOG
  local rc=0 sum='^([0-9]+) passed, ([0-9]+) failed, ([0-9]+) skipped$'
  attend timeout --kill-after=30 "$TEST_LIMIT" bash "$ROOT/eng/$1.sh" </dev/null >"$2" 2>&1 || rc=$?
  if [[ $(tail -n 1 -- "$2") =~ $sum ]]; then
    PASSED=${BASH_REMATCH[1]} FAILED=${BASH_REMATCH[2]} SKIPPED=${BASH_REMATCH[3]}
  elif ((rc == 0)); then
    rc=1
  fi
  return "$rc"
}

# run_project NAME: what it says is shown when it fails. One that breaks off, or is cut off, has failed.
run_project() {
  local began=$SECONDS rc=0 log=$TEST_RESULTS/$1.log verdict=passed
  say "  running  $1"
  PASSED=0 FAILED=0 SKIPPED=0
  if [[ -f $ROOT/eng/$1.sh ]]; then run_script "$1" "$log" || rc=$?; else run_program "$1" "$log" || rc=$?; fi
  if ((rc && FAILED == 0)); then
    FAILED=1
    warn "$1 broke off with exit code $rc"
  fi
  if ((FAILED)); then
    grep -vE '^ *(Discovering|Discovered|Starting|Finished):' -- "$log" | tail -n 150
    verdict=FAILED
    mapfile -t -O "${#FAILURES[@]}" FAILURES < <(grep -E -A 3 -e '^ *[^ ]+.* \[FAIL\]$' -e '^FAILED ' -- "$log" | cut -c 1-300)
  fi
  say "  $verdict   $1: $PASSED passed, $FAILED failed, $SKIPPED skipped ($((SECONDS - began)) s; $log)"
  TOTAL_PASSED=$((TOTAL_PASSED + PASSED)) TOTAL_FAILED=$((TOTAL_FAILED + FAILED)) TOTAL_SKIPPED=$((TOTAL_SKIPPED + SKIPPED))
}

run_tests() {
  local project
  clean_up_with true
  mkdir -p -- "$TEST_RESULTS"
  rm -rf -- "${TEST_RESULTS:?}"/*
  ensure_sdk
  find_postgres || install_postgres
  ensure_node
  ensure_java
  ensure_docker
  build_tests
  say "Running the tests."
  for project in "${PROJECTS[@]}"; do
    # A filter by test name has no meaning for scripts.
    if ((${#NAME_FILTER[@]})) && [[ -f $ROOT/eng/$project.sh ]]; then continue; fi
    run_project "$project"
  done
  if ((TOTAL_PASSED + TOTAL_FAILED == 0)); then warn "no test ran"; fi
  if ((${#FAILURES[@]})); then printf '\nWhat failed:\n' && printf '%s\n' "${FAILURES[@]}"; fi
  printf '\n%d passed, %d failed, %d skipped\n' "$TOTAL_PASSED" "$TOTAL_FAILED" "$TOTAL_SKIPPED"
  ((TOTAL_FAILED == 0 && TOTAL_PASSED > 0))
}

test_main() {
  local filters=()
  while (($#)); do
    case $1 in
      -h | --help) test_help && return 0 ;;
      --long) export TRINITY_LONG_TESTS=1 && TEST_LIMIT=4800 ;;
      -*) usage_error "unknown option '$1'" ;;
      *) filters+=("$1") ;;
    esac
    shift
  done
  choose_tests "${filters[@]}"
  guarded run_tests
}
