# shellcheck shell=bash
# ./trinity status

# shellcheck source=eng/machine.sh
source "$ROOT/eng/machine.sh"

status_help() {
  cat <<'HELP'
Usage: ./trinity status [--data DIR]

Says what runs with this data directory. Exit code 0 when everything runs and is ready, 3 otherwise.
HELP
}

describe() { # NAME [WHERE]
  local pid
  if pid=$(recorded_pid "$1"); then printf '  %-13s pid %-8s %s\n' "$1" "$pid" "${2:-}"; else printf '  %-13s stopped\n' "$1"; fi
}

status_main() {
  local name ready=0
  parse_data_option status_help "$@"
  choose_data_dir "$DATA_OPTION"
  if [[ ! -d $DATA/run ]] || ! load_state; then
    say "Nothing runs with $DATA."
    return 3
  fi
  require_own_data_dir
  say "$DATA:"
  for name in "${SERVICES[@]}"; do
    if is_ready "$name"; then
      describe "$name" "${!SERVICE_LISTEN[$name]} ready"
    else
      describe "$name" "${!SERVICE_LISTEN[$name]} not ready"
      ready=3
    fi
  done
  if [[ $LAUNCHER_POSTGRES == private ]]; then describe postgres; else say "  the database is not ours"; fi
  everything_runs && return "$ready"
  return 3
}
