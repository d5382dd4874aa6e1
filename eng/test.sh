# shellcheck shell=bash
# ./trinity test

# shellcheck source=eng/packages.sh
source "$ROOT/eng/packages.sh"
# shellcheck source=eng/postgres.sh
source "$ROOT/eng/postgres.sh"
# shellcheck source=eng/build.sh
source "$ROOT/eng/build.sh"
# shellcheck source=eng/trx.sh
source "$ROOT/eng/trx.sh"

readonly RESULTS=$ROOT/artifacts/test-results
TOTAL_PASSED=0 TOTAL_FAILED=0 TOTAL_SKIPPED=0
TABLE=() # a line per project

test_help() {
  cat <<'HELP'
Usage: ./trinity test [filter…]

Installs what the suite needs (PostgreSQL, Node.js), builds everything and runs all tests. The last line is
"N passed, N failed, N skipped"; the exit code is 0 only if tests ran and none failed.

A filter that is part of a project's name (AiBridge.Tests, ControlPlane, launcher) chooses projects, any other chooses
the tests whose full name contains it. Several filters add up.
HELP
}

test_projects() {
  local project
  for project in "$ROOT"/tests/*.Tests/*.csproj; do basename -- "$project" .csproj; done
  say launcher # eng/test-launcher.sh
}

# choose_tests FILTER…: sets PROJECTS, and NAME_FILTER in `dotnet test`'s words.
choose_tests() {
  local filter project chosen
  PROJECTS=() NAME_FILTER=
  for filter in "$@"; do
    chosen=$(test_projects | grep -iF -- "$filter" || true)
    if [[ -n $chosen ]]; then
      while read -r project; do PROJECTS+=("$project"); done <<<"$chosen"
    else
      NAME_FILTER+=${NAME_FILTER:+|}FullyQualifiedName~$filter
    fi
  done
  if ((${#PROJECTS[@]} == 0)); then mapfile -t PROJECTS < <(test_projects); fi
}

build_tests() {
  lock_builds
  say "Building."
  run_build build "$ROOT/Trinity.sln"
  unlock_builds
  ensure_build # for the tests that start Trinity itself
}

count() { # PROJECT SECONDS: adds PASSED, FAILED and SKIPPED to the sum
  TABLE+=("$(printf '  %-28s %5d passed, %d failed, %d skipped  (%d s)' "$1" "$PASSED" "$FAILED" "$SKIPPED" "$2")")
  ((TOTAL_PASSED += PASSED, TOTAL_FAILED += FAILED, TOTAL_SKIPPED += SKIPPED)) || true
}

has_tests() { grep -rqE --include='*.cs' '\[(Fact|Theory|Property)' "$ROOT/tests/$1"; }

# run_project NAME: a run that broke off, or that found none of the tests there are, counts as a failure.
run_project() {
  local name=$1 rc=0 trx=$RESULTS/$1.trx filter=()
  if [[ -n $NAME_FILTER ]]; then filter=(--filter "$NAME_FILTER"); fi
  dotnet test "$ROOT/tests/$name/$name.csproj" -c Release --no-build --nologo "${filter[@]}" \
    --results-directory "$RESULTS" --logger "trx;LogFileName=$name.trx" --logger 'console;verbosity=normal' \
    --blame-hang-timeout 7m --blame-hang-dump-type none || rc=$?
  PASSED=0 FAILED=0 SKIPPED=0
  if [[ -e $trx ]] && ! read_trx "$trx"; then rc=1; fi
  if ((rc != 0 && FAILED == 0)); then
    warn "$name broke off (exit code $rc)"
    FAILED=1
  elif [[ -z $NAME_FILTER ]] && ((PASSED + FAILED + SKIPPED == 0)) && has_tests "$name"; then
    warn "$name holds tests, but none ran"
    FAILED=1
  fi
}

run_launcher_tests() {
  local counts=$RESULTS/launcher.counts rc=0
  PASSED=0 FAILED=0 SKIPPED=0
  if [[ -n $NAME_FILTER ]]; then return 0; fi
  "$ROOT/eng/test-launcher.sh" "$counts" || rc=$?
  if [[ -e $counts ]]; then read -r PASSED FAILED SKIPPED <"$counts"; fi
  if ((rc != 0 && FAILED == 0)); then FAILED=1; fi
}

run_tests() {
  local name began
  for name in "${PROJECTS[@]}"; do
    say "" "== $name"
    began=$SECONDS
    if [[ $name == launcher ]]; then run_launcher_tests; else run_project "$name"; fi
    count "$name" $((SECONDS - began))
  done
}

report() {
  printf '\n'
  printf '%s\n' "${TABLE[@]}"
  if ((TOTAL_PASSED + TOTAL_FAILED == 0)); then warn "no test ran"; fi
  printf '\n%d passed, %d failed, %d skipped\n' "$TOTAL_PASSED" "$TOTAL_FAILED" "$TOTAL_SKIPPED"
  ((TOTAL_FAILED == 0 && TOTAL_PASSED > 0))
}

test_main() {
  if [[ ${1:-} == -h || ${1:-} == --help ]]; then
    test_help
    return 0
  fi
  if [[ ${1:-} == -* ]]; then usage_error "unknown option '$1'"; fi
  ensure_sdk
  find_postgres || install_postgres
  ensure_node
  choose_tests "$@"
  build_tests
  rm -rf -- "$RESULTS"
  mkdir -p -- "$RESULTS"
  run_tests
  report
}
