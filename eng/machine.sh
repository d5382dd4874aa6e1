# shellcheck shell=bash
# Everything that concerns running Trinity on this machine, for the commands that do.

# shellcheck source=eng/processes.sh
source "$ROOT/eng/processes.sh"
# shellcheck source=eng/datadir.sh
source "$ROOT/eng/datadir.sh"
# shellcheck source=eng/packages.sh
source "$ROOT/eng/packages.sh"
# shellcheck source=eng/postgres.sh
source "$ROOT/eng/postgres.sh"
# shellcheck source=eng/build.sh
source "$ROOT/eng/build.sh"
# shellcheck source=eng/services.sh
source "$ROOT/eng/services.sh"

# clean_up_with COMMAND…: for a guarded command: whatever way it ends, what it started and did not hand over is stopped.
clean_up_with() {
  # shellcheck disable=SC2064  # the command is known now
  trap "on_exit $*" EXIT
}

on_exit() {
  local rc=$? began=$SECONDS
  set +e
  trap - EXIT
  trap '((SECONDS - began < 1)) || STOP_GRACE=0' TERM # asked again, and not just twice at once: no more waiting
  end_jobs
  "$@"
  exit "$rc"
}

# parse_data_option HELP ARGUMENT…: for the commands whose only option is --data; sets DATA_OPTION.
DATA_OPTION=
parse_data_option() {
  local help=$1
  shift
  while (($#)); do
    case $1 in
      -h | --help) "$help" && exit 0 ;;
      --data) require_value "$1" $# && DATA_OPTION=$2 && shift ;;
      --data=*) DATA_OPTION=${1#*=} ;;
      *) usage_error "unknown option '$1'" ;;
    esac
    [[ -n $DATA_OPTION ]] || usage_error "option --data needs a value"
    shift
  done
}
