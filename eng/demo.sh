# shellcheck shell=bash
# ./trinity demo

# shellcheck source=eng/own-trinity.sh
source "$ROOT/eng/own-trinity.sh"
# shellcheck source=eng/demo-agents.sh
source "$ROOT/eng/demo-agents.sh"

readonly MAX_REPLICAS=8
DEMO_STREAMS=50 DEMO_ROTATIONS=20 DEMO_STREAM_SECONDS=4 DEMO_REPLICAS=2
DEMO_BRIDGES=(aibridge) # names of the processes
DEMO_URLS=()

demo_help() {
  cat <<'HELP'
Usage: ./trinity demo [options]
       ./trinity demo agents [options]     a subscription's token under real agents in containers; --help tells more

Rotates a provider's key again and again while streams run through Trinity, and shows what becomes of each old key. The
provider is a fake one on this machine: no internet, no account. The last line is the verdict; the exit code is 0 only when
no stream or request failed, every reply arrived byte for byte, and every old key was proven out of use.
It starts a Trinity of its own in a temporary directory, beside any other, and removes it again; Ctrl-C does so at any time.

  --streams N           streams kept open at a time                 (50)
  --rotations N         how often the key is rotated                (20)
  --stream-seconds N    how long a stream takes on average          (4); four rotations fall into this time
  --replicas N          bridges that share the streams, 1 to 8      (2)
HELP
}

require_number() { # OPTION VALUE MOST
  if [[ ! $2 =~ ^[1-9][0-9]{0,3}$ ]] || (($2 > $3)); then usage_error "option $1 needs a number from 1 to $3, not '$2'"; fi
}

parse_demo_options() {
  while (($#)); do
    case $1 in
      -h | --help) demo_help && exit 0 ;;
      --streams | --rotations | --stream-seconds | --replicas) require_value "$1" $# ;;
      --streams=* | --rotations=* | --stream-seconds=* | --replicas=*) set -- "${1%%=*}" "${1#*=}" "${@:2}" ;;
      *) usage_error "unknown option '$1'" ;;
    esac
    case $1 in
      --streams) require_number "$1" "$2" 1000 && DEMO_STREAMS=$2 ;;
      --rotations) require_number "$1" "$2" 1000 && DEMO_ROTATIONS=$2 ;;
      --stream-seconds) require_number "$1" "$2" 60 && DEMO_STREAM_SECONDS=$2 ;;
      --replicas) require_number "$1" "$2" "$MAX_REPLICAS" && DEMO_REPLICAS=$2 ;;
    esac
    shift 2
  done
}

# The bridges beside the first: same data directory, another address.
start_more_bridges() {
  local number
  choose_program aibridge
  for ((number = 2; number <= DEMO_REPLICAS; number++)); do
    free_port
    DEMO_BRIDGES+=("aibridge-$number")
    DEMO_URLS+=("http://127.0.0.1:$FREE_PORT")
    TRINITY_AIBRIDGE__LISTEN=http://127.0.0.1:$FREE_PORT \
      spawn "aibridge-$number" "$BUILD/AiBridge" "${PROGRAM_WORDS[@]}"
  done
}

wait_for_bridges() {
  local index began=$SECONDS
  for index in "${!DEMO_URLS[@]}"; do
    until [[ $(http_status 127.0.0.1 "${DEMO_URLS[index]##*:}" /readyz) == 200 ]]; do
      runs "${DEMO_BRIDGES[index]}" || die "${DEMO_BRIDGES[index]} ended while starting: $(telling_line "$DATA/logs/${DEMO_BRIDGES[index]}.log")"
      ((SECONDS - began < READY_WAIT)) || die "${DEMO_BRIDGES[index]} is not ready after $READY_WAIT s"
      sleep 0.1
    done
  done
}

# The program's requests end with it, so nothing has to be waited for.
stop_demo() {
  STOP_GRACE=10
  stop_processes TERM KILL "${DEMO_BRIDGES[@]}" controlplane
  stop_postgres
  if any_runs "${DEMO_BRIDGES[@]}" controlplane postgres; then
    warn "not everything ended; $DATA is left"
  else
    rm -rf -- "$DATA"
  fi
}

run_demo() {
  local program urls
  DATA=$(mktemp -d "${TMPDIR:-/tmp}/trinity-demo.XXXXXX")
  clean_up_with stop_demo
  prepare_data_dir
  ensure_dotnet
  ensure_build
  ensure_program Demo
  say "Starting a Trinity of its own, with $DEMO_REPLICAS bridge$( ((DEMO_REPLICAS == 1)) || printf s)."
  choose_addresses
  DEMO_URLS=("$TRINITY_AIBRIDGE__LISTEN")
  start_database
  set_service_environment
  migrate_database
  for program in "${SERVICES[@]}"; do start_service "$program"; done
  start_more_bridges
  wait_until_ready
  wait_for_bridges
  urls=$(IFS=, && printf '%s' "${DEMO_URLS[*]}")
  attend dotnet "$PROGRAM" --control "$TRINITY_CONTROLPLANE__LISTEN" --token-file "$DATA/operator-token" --bridges "$urls" \
    --streams "$DEMO_STREAMS" --rotations "$DEMO_ROTATIONS" --stream-seconds "$DEMO_STREAM_SECONDS" </dev/null
}

demo_main() {
  if [[ ${1:-} == agents ]]; then demo_agents_main "${@:2}"; fi
  parse_demo_options "$@"
  guarded run_demo
}
