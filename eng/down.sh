# shellcheck shell=bash
# ./trinity down

# shellcheck source=eng/machine.sh
source "$ROOT/eng/machine.sh"

down_help() {
  cat <<'HELP'
Usage: ./trinity down [--data DIR]

Stops what `up` started with this data directory, and nothing else. Safe to repeat.
HELP
}

# A launcher in the foreground, or one that is still starting, stops what it started by itself.
stop_launcher() {
  local began=$SECONDS
  runs launcher || return 0
  signal_process TERM launcher
  while runs launcher; do
    ((SECONDS - began < STOP_GRACE + 75)) || die "the launcher (pid $(recorded_pid launcher)) does not end"
    sleep 0.1
  done
}

down_main() {
  local stopped=0
  parse_data_option down_help "$@"
  choose_data_dir "$DATA_OPTION"
  if [[ ! -d $DATA/run ]]; then
    say "Nothing runs with $DATA."
    return 0
  fi
  require_own_data_dir
  if any_runs launcher "${SERVICES[@]}" postgres; then stopped=1; fi
  stop_launcher
  lock_data_dir
  adopt_postgres
  stop_everything
  if ((stopped)); then say "Stopped what ran with $DATA."; else say "Nothing runs with $DATA."; fi
}
