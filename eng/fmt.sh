# shellcheck shell=bash
# ./trinity fmt

# shellcheck source=eng/build.sh
source "$ROOT/eng/build.sh"

fmt_help() {
  cat <<'HELP'
Usage: ./trinity fmt [--check]

Formats the code (dotnet format). With --check nothing is changed, and the exit code tells whether anything would be.
HELP
}

fmt_main() {
  local options=()
  while (($#)); do
    case $1 in
      -h | --help) fmt_help && return 0 ;;
      --check) options+=(--verify-no-changes) ;;
      *) usage_error "unknown option '$1'" ;;
    esac
    shift
  done
  ensure_sdk
  dotnet format "$ROOT/Trinity.sln" "${options[@]}"
}
